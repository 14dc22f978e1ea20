"""Each family of wordings: what is one question in it, and the nearest questions that are two."""

from __future__ import annotations

import pytest

from tests.unit.cache.judge.asking import judged

ONE: dict[str, list[tuple[str, str]]] = {
    "online": [
        ("How do I sell paintings on the internet?", "How can I sell paintings online?"),
        ("How do I sell stamps through online?", "How do I sell stamps online?"),
        ("Can I start a florist business online?", "Can I start an online florist business?"),
    ],
    "names": [
        ("Is Einstein buried in Princeton?", "Is Albert Einstein buried in Princeton?"),
        ("How long does it take to learn the Dutch language?", "How long does it take to learn Dutch?"),
        ("What is the meaning of the word 'petrichor'?", "What is the meaning of 'petrichor'?"),
        ("How do I study Ruby programming?", "How do I study Ruby?"),
    ],
    "exam": [
        ("Which are the best books for the GMAT exam?", "Which are the best books for the GMAT?"),
        ("How do I prepare for the TOEFL?", "How do I prepare for the TOEFL test?"),
    ],
    "differences": [
        (
            "What is the main difference between a crow and a raven?",
            "What is the difference between a raven and a crow?",
        ),
        ("How do you tell the difference between moss and lichen?", "What is the difference between moss and lichen?"),
        (
            "What is the difference between raw milk and boiled milk?",
            "What is the difference between raw and boiled milk?",
        ),
    ],
    "how hard": [
        ("How hard is it to tune a piano?", "Is it hard to tune a piano?"),
        ("How reliable is a used scooter?", "Is a used scooter reliable?"),
        ("Is sourdough easy to bake?", "Is it easy to bake sourdough?"),
    ],
    "should": [
        ("How should I prepare for a marathon?", "How do I prepare for a marathon?"),
        ("How should one learn knitting?", "How do I learn knitting?"),
        ("Why do you have to declare cash?", "Why do we have to declare cash?"),
    ],
    "best": [
        ("What are some hiking tricks?", "What are the best hiking tricks?"),
        ("What was the best opera of all time?", "What is the best opera?"),
        ("What is the best diet to follow for runners?", "What is the best diet for runners?"),
        ("Which camera is better for portraits?", "Which camera is best for portraits?"),
    ],
    "money": [
        ("How do I make some extra money from knitting?", "How do I make money from knitting?"),
        ("How can one earn money with photography?", "How do I make money from photography?"),
    ],
    "learning": [
        ("How do I learn how to do calligraphy?", "How can I learn calligraphy?"),
        ("Where do I learn to surf?", "Where do I learn surfing?"),
        ("How can I start earning money by sewing?", "How do I make money sewing?"),
        ("How can I improve my listening skills?", "How do I improve my listening ability?"),
    ],
    "owner": [
        ("How do I decorate my own room?", "How do I decorate my room?"),
        ("What role does music play in your life?", "What role does music play in life?"),
        ("How do I get wax out of my ears?", "How can I get wax out of my ear?"),
    ],
    "get": [("Why do toddlers cry when they get hungry?", "Why do toddlers cry when they are hungry?")],
    "opinion": [
        ("Do you think homework works?", "Does homework really work?"),
        ("What is your take on homework?", "What do you think about homework?"),
        ("Have you ever flown a kite? If so, why?", "Have you ever flown a kite?"),
    ],
    "passwords": [
        ("How do I recover my forgotten Yahoo password?", "How do I recover my Yahoo account password?"),
    ],
    "of two": [("Who is better: Messi or Ronaldo?", "Who is better among Messi and Ronaldo?")],
    "list": [("What does it cost to make a table or chair?", "What does it cost to make a chair or table?")],
}
TWO: dict[str, list[tuple[str, str]]] = {
    "online": [
        ("How do I sell paintings on the internet?", "How do I sell paintings?"),
        ("How do I sell stamps online?", "How do I buy stamps online?"),
        ("Can I learn in online games?", "Can I learn in games?"),
        ("Who owns the internet?", "Who is online?"),
        ("Is online banking safe?", "Is banking safe?"),
        ("Can I return online orders in a shop?", "Can I return shop orders online?"),
    ],
    "names": [
        ("Is Einstein buried in Princeton?", "Is Hitler buried in Princeton?"),
        ("How long does it take to learn Dutch?", "How long does it take to learn Danish?"),
        ("What is the meaning of the word 'petrichor'?", "What is the meaning of the word 'petrification'?"),
        ("How do I study Ruby programming?", "How do I study programming?"),
        ("What is the word of God?", "What is God?"),
        ("Where does Hillary live?", "Where does Bill Clinton live?"),
        ("How do I learn C?", "How do I learn C++?"),
    ],
    "exam": [
        ("How do I prepare for the exam?", "How do I prepare for the move?"),
        ("How do I prepare for the GMAT?", "How do I prepare for the GRE exam?"),
        ("How long is the GMAT course?", "How long is the GMAT?"),
        ("How do I pass the eye test?", "How do I pass the eye?"),
        ("What does a DNA test cost?", "What does DNA cost?"),
        ("Which college has a good law degree?", "Which college has a good law?"),
    ],
    "differences": [
        ("What is the biggest difference between tea and coffee?", "What are the differences between tea and coffee?"),
        ("What is the difference between moss and lichen?", "What is the similarity between moss and lichen?"),
        (
            "What is the price difference between a crow and a raven?",
            "What is the difference between a raven and a crow?",
        ),
        ("What is the main cause of frost?", "What is the cause of frost in spring?"),
        (
            "What is the difference between raw milk and boiled milk?",
            "What is the difference between raw and boiled eggs?",
        ),
        ("Is there a difference between moss and lichen?", "Is there a link between moss and lichen?"),
        ("What lies between true north and magnetic north?", "What lies between true south and magnetic south?"),
    ],
    "how hard": [
        ("How hard is it to tune a piano?", "How long is it to tune a piano?"),
        ("How hard is it to tune a piano?", "Is it easy to tune a piano?"),
        ("How expensive is it to tune a piano?", "Is it safe to tune a piano?"),
        ("Is it hard to tune a piano?", "Why is it hard to tune a piano?"),
        ("How safe is a used scooter?", "Is a used scooter unsafe?"),
        ("How much is a scooter used?", "Is a scooter used?"),
    ],
    "should": [
        ("How should I use my card?", "How do I use my card?"),
        ("What should I do if it rains?", "What can I do if it rains?"),
        ("Why should we learn history?", "Why do we learn history?"),
        ("How should I prepare for a marathon?", "Should I prepare for a marathon?"),
        ("How must I prepare for a marathon?", "How might I prepare for a marathon?"),
        ("Why do you have to leave?", "Why do I have to leave?"),
    ],
    "why": [
        ("Why is my parcel still in customs?", "Why is my parcel in customs?"),
        ("Why do I always yawn at night?", "Why do I yawn at night?"),
        ("Why do I sleep so much?", "Why do I sleep?"),
        ("Is my parcel still in customs?", "Is my parcel in customs?"),
        ("Why do I always yawn at night?", "Why do I sometimes yawn at night?"),
        ("Why do I never yawn at night?", "Why do I yawn at night?"),
        ("Why does it cost so much?", "Does it cost so much?"),
        ("Why is my parcel not in customs?", "Why is my parcel still in customs?"),
        ("Why do people like tattoos so much?", "Why do people dislike tattoos so much?"),
    ],
    "best": [
        ("Who is the best footballer in history?", "Who is the best footballer right now?"),
        ("Who is the best footballer of all time?", "Who is the best footballer at the moment?"),
        ("Who is the richest person in history?", "Who is the richest person?"),
        ("What is the tallest building ever built?", "What is the tallest building?"),
        ("Who was the best president?", "Who is the best president?"),
        ("Who was your best friend?", "Who is your best friend?"),
        ("What is the best laptop for me?", "What is the best laptop?"),
        ("Where is the best tailor in Lisbon?", "What is the best tailor in Lisbon?"),
        ("What is a hiking trick?", "What are the best hiking tricks?"),
        ("What are the colors of the rainbow?", "What are the best colors of the rainbow?"),
        ("What is the best opera of all time?", "What is the worst opera of all time?"),
        ("What is the highest temperature right now?", "What is the highest temperature?"),
        ("What is the best diet to follow for runners?", "What is the best diet for swimmers?"),
        ("What is the best way to follow a diet?", "What is the best diet?"),
        ("Is this camera better?", "Is this camera best?"),
        ("Where is the best tailor in Lisbon?", "Where is the best tailor in Porto?"),
        ("What did I get on my test in history?", "What did I get on my test?"),
    ],
    "money": [
        ("How do I make money from knitting?", "How do I lose money from knitting?"),
        ("How do I make fake money?", "How do I make money?"),
        ("How do I make more money?", "How do I make less money?"),
        ("How do I send money from my phone?", "How do I send money to my phone?"),
        ("How do I earn points from knitting?", "How do I earn money from knitting?"),
        ("How do I make money with my wife?", "How do I make money without my wife?"),
    ],
    "learning": [
        ("How do I install the C language server?", "How do I install the C server?"),
        ("How do I learn to read music?", "How do I learn music?"),
        ("What is banking?", "What is a bank?"),
        ("What are the branches of investment banking?", "What are the branches of an investment bank?"),
        ("What does it take to process data?", "What is data processing?"),
        ("How do I improve my listening skills?", "How do I improve my speaking skills?"),
        ("What are social skills?", "What is social?"),
        ("How do I stop earning money by sewing?", "How do I make money sewing?"),
    ],
    "owner": [
        ("What is your life insurance rate?", "What is the life insurance rate?"),
        ("How do I fix my bike on my own?", "How do I fix my bike?"),
        ("cancel my orders", "cancel my order"),
        ("What role does music play in his life?", "What role does music play in life?"),
        ("save my life", "save your life"),
        ("What is the meaning of my life?", "What is the meaning of life?"),
        ("tell me how to redeem your points", "tell me how to redeem my points, thanks"),
        ("can you explain how to use your voucher", "how do I use my voucher"),
        ("show me how to reset your device", "how can i reset my device"),
        ("How do I own a shop?", "How do I shop?"),
    ],
    "get": [
        ("Can I get free coffee?", "Can I free coffee?"),
        ("Is it getting cold?", "Is it cold?"),
        ("How do I get a dog?", "How do I become a dog?"),
        ("What did you get?", "What did you?"),
        ("How do I get guests to leave?", "How do guests leave?"),
        ("When do they get paid leave?", "When do they get leave?"),
    ],
    "opinion": [
        ("Do you think homework works?", "Do you think homework is fun?"),
        ("Do you believe in homework?", "Does homework work?"),
        ("Do you think about homework?", "Does homework think?"),
        ("What does homework mean to you?", "What does homework mean to me?"),
        ("Have you ever flown a kite? If so, where?", "Have you ever flown a kite?"),
        ("Can glass burn? If not, how does it melt?", "Can glass burn?"),
        ("What do you think about homework?", "What do they think about homework?"),
    ],
    "passwords": [
        ("How do I recover my Yahoo password?", "How do I change my Yahoo password?"),
        ("How do I recover my Yahoo account?", "How do I recover my Yahoo password?"),
        ("How do I recover my Yahoo password?", "How do I recover my Hotmail password?"),
        ("What is my lost password?", "What is my password?"),
        ("How do I recover my deleted account?", "How do I recover my account?"),
        ("How do I reset my account number?", "How do I reset my number?"),
    ],
    "of two": [
        ("Is Messi better than Ronaldo?", "Is Ronaldo better than Messi?"),
        ("Who is better: Messi or Ronaldo?", "Who is older: Messi or Ronaldo?"),
        ("Who is better: Messi or Ronaldo?", "Who is better: Messi or Maradona?"),
        ("Who is better: Messi or Ronaldo?", "Who is worse: Messi or Ronaldo?"),
        ("What is better for skin or hair?", "What is better for skin and hair?"),
        ("Which one is better?", "Which one is better, Messi or Ronaldo?"),
    ],
    "list": [
        ("convert miles to kilometers", "convert kilometers to miles"),
        ("I prefer tea to coffee", "I prefer coffee to tea"),
        ("is tea or milk older than coffee", "is coffee or milk older than tea"),
        ("do cats and dogs fight", "do cats or dogs fight"),
        ("a train from rome or milan to paris", "a train from paris to rome or milan"),
        ("why did greece attack troy and egypt", "why did troy attack greece and egypt"),
    ],
    "code": [
        ("what does tar - xzf do", "what does tar xzf do"),
        ("what does ls -a do", "what does ls do"),
        ("what does tar -x do", "what does tar x do"),
        ("what does ls -l do", "what does ls -s do"),
        ("rm - rf folder", "rm rf folder"),
        ("what does sort -u do", "what does sort do"),
    ],
}


@pytest.mark.parametrize(("stored", "asked"), [pair for pairs in ONE.values() for pair in pairs])
def test_one_question_in_two_wordings_is_accepted(stored: str, asked: str) -> None:
    """Whichever of the two was stored."""
    assert judged(stored, asked).hit, judged(stored, asked).reason
    assert judged(asked, stored).hit


@pytest.mark.parametrize(("stored", "asked"), [pair for pairs in TWO.values() for pair in pairs])
def test_the_nearest_other_question_is_refused(stored: str, asked: str) -> None:
    """What looks like the same family and asks something else."""
    assert not judged(stored, asked).hit
    assert not judged(asked, stored).hit


def test_a_word_said_twice_answers_one_said_once_only_in_a_list_of_two() -> None:
    """Left out elsewhere, it is missed."""
    once, twice = "a love and an arranged marriage", "a love marriage and an arranged marriage"
    assert judged(f"What is the difference between {once}?", f"What is the difference between {twice}?").hit
    assert not judged(
        "Dave and Bob trade places. Then Eve and Bob trade places.",
        "Dave and Bob trade places. Then Eve and Bob places.",
    ).hit


def test_a_cat_is_no_contraction() -> None:
    """Only can't, cant and cannot are can not."""
    assert judged("Why does my cat bite?", "Why do my cats bite?").guard != "modality"
    assert judged("can't log in", "cannot log in").hit
    assert judged("i cant log in", "i can not log in").hit
    assert not judged("feeding a cat", "feeding a can not").hit
