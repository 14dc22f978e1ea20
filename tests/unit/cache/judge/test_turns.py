"""Turns of phrase: what is one question in each, and where the rule would be wrong."""

from __future__ import annotations

import pytest

from tests.unit.cache.judge.asking import guarded, judged

ONE: dict[str, list[tuple[str, str]]] = {
    "is it true": [
        ("Is it true that owls can turn their heads around?", "Can owls turn their heads around?"),
        ("Is it true that the abbey was built by monks?", "Was the abbey built by monks?"),
    ],
    "on earth": [
        ("How on earth do wasps build their nests?", "How do wasps build their nests?"),
        ("What exactly does a notary do?", "What does a notary do?"),
    ],
    "right time": [
        ("When is the best time to prune roses?", "What is the best time to prune roses?"),
        ("What is the right age for a first bicycle?", "What is the best age for a first bicycle?"),
    ],
    "somewhere": [
        ("Is there anyway to unlock the trunk?", "Is there any way to unlock the trunk?"),
    ],
    "how should": [("How should I improve my handwriting?", "How do I improve my handwriting?")],
    "cause": [("What causes hail?", "What is the main cause of hail?")],
    "tell apart": [("How do I distinguish moss from lichen?", "What is the difference between moss and lichen?")],
    "examples": [
        ("What is an example of a monopoly?", "What are some examples of monopolies?"),
        ("Examples of irony?", "What are some good examples of irony?"),
        ("What is the best example of irony in films?", "What are some examples of irony in films?"),
        ("What are some irony examples?", "What is an example of irony?"),
    ],
    "improve": [
        ("How can I increase my vocabulary?", "How do I expand my vocabulary?"),
        ("How do I build self esteem?", "How can I boost my self esteem?"),
    ],
    "followers": [
        ("How do I get more followers on Pinterest?", "How do I increase the number of followers on Pinterest?"),
        ("How do I drive traffic to my blog?", "How can I increase the traffic on my blog?"),
    ],
    "business": [("How do I start my own bakery business?", "How do I start a bakery company?")],
    "taller": [("How do I grow taller?", "How can I increase my height?")],
    "place": [
        ("How do I delete a comment on Reddit?", "How do I delete a comment from Reddit?"),
    ],
    "started": [("How do I get started with data science?", "What is the best way to learn data science?")],
    "stay": [("How do you keep yourself awake at night?", "How do I stay awake at night?")],
    "nouns": [
        ("How does salt affect copper?", "How does salt impact copper?"),
        ("What causes hair fall?", "What causes hair loss?"),
        ("Where were the 1952 Olympic games?", "Where were the 1952 Olympics games?"),
    ],
    "favorite": [("What is your all time favorite opera?", "What is your favorite opera of all time?")],
    "in your life": [
        ("What is the best advice you received in your life?", "What is the best advice you ever received?")
    ],
    "purpose of life": [("What is the true purpose of life?", "What is the purpose of life?")],
    "must read": [("What are some must read novels about the sea?", "What are the best novels about the sea?")],
    "similar": [("What are some similar sites to Etsy?", "What are some sites like Etsy?")],
    "was": [
        ("What was the worst thing that happened to you today?", "What's the worst thing that happened to you today?")
    ],
    "overcome": [("How do I beat procrastination?", "How do I overcome procrastination?")],
    "good": [
        ("How can I be happy?", "How do I become happy?"),
    ],
}
TWO: dict[str, list[tuple[str, str]]] = {
    "is it true": [
        ("Is it true that owls can turn their heads around?", "Should owls turn their heads around?"),
        ("Is it true that owls do not blink?", "Do owls blink?"),
        ("Is it true that the abbey was built by monks?", "Why was the abbey built by monks?"),
        ("Is it true that owls still nest here?", "Do owls nest here?"),
        ("Is it true love?", "Do I love?"),
        ("Is it true that all owls hunt at night?", "Do owls hunt at night?"),
    ],
    "on earth": [
        ("What is the oldest tree on earth?", "What is the oldest tree in the garden?"),
        ("Why on earth do wasps build nests?", "How do wasps build nests?"),
        ("How hot is it on earth?", "How hot is it?"),
        ("Who is on earth?", "Who is on the moon?"),
        ("What happens on earth when a star dies?", "What happens when a star dies?"),
    ],
    "right time": [
        ("What is the right time in Oslo?", "What is the best time in Oslo?"),
        ("When is the best man to arrive?", "What is the best man to arrive?"),
        ("When is the next time to prune roses?", "What is the best time to prune roses?"),
        ("What is the legal age for a driver?", "What is the best age for a driver?"),
        ("When is the worst time to prune roses?", "What is the best time to prune roses?"),
        ("What is the right place for a complaint?", "What is the best place for a holiday?"),
    ],
    "somewhere": [
        ("Is there somewhere I must rent a kayak?", "Where can I rent a kayak?"),
        ("Is there somewhere I can rent a kayak?", "How can I rent a kayak?"),
        ("Is there someone I can rent a kayak from?", "Where can I rent a kayak?"),
        ("Is there somewhere you can not smoke?", "Where can I smoke?"),
        ("Is there a place for kayaks?", "Where can I place kayaks?"),
    ],
    "how should": [
        ("How should I use my card?", "How do I use my card?"),
        ("Should I improve my handwriting?", "How do I improve my handwriting?"),
        ("How much should I reduce my dose?", "How much do I reduce my dose?"),
        ("Why should I build a house?", "Why do I build a house?"),
        ("How should he improve?", "How do I improve?"),
    ],
    "cause": [
        ("What causes hail?", "What is the cause of snow?"),
        ("What causes hail to melt?", "What is the cause of hail?"),
        ("What caused the hail?", "What is the cause of hail?"),
        ("What cause do you support?", "What is the cause of support?"),
        ("Does wind cause hail?", "What is the cause of hail?"),
        ("What causes hail?", "What is the effect of hail?"),
        ("What is the main cause of hail?", "What is the other cause of hail?"),
    ],
    "tell apart": [
        ("How do I distinguish myself from others?", "What is the difference between me and others?"),
        ("How do I distinguish moss from lichen?", "What is the link between moss and lichen?"),
        ("How do I distinguish true moss from lichen?", "What is the difference between moss and lichen?"),
        ("Should I distinguish moss from lichen?", "What is the difference between moss and lichen?"),
        ("How did they distinguish moss from lichen?", "What is the difference between moss and lichen?"),
    ],
    "examples": [
        ("What is the most common example of irony?", "What is the worst example of irony?"),
        ("What are bad examples of irony?", "What are good examples of irony?"),
        ("What are the first examples of irony?", "What are some examples of irony?"),
        ("Is this an example of irony?", "What is an example of irony?"),
        ("What are two examples of irony?", "What are some examples of irony?"),
        ("What is irony? What are some examples?", "What are some examples of irony?"),
        ("What are real life examples of irony?", "What are some examples of irony in films?"),
    ],
    "improve": [
        ("How do I improve my memory?", "How do I lose my memory?"),
        ("How do I improve my focus?", "How do I improve my memory?"),
        ("How do I build a house?", "How do I improve a house?"),
        ("How do I raise a child?", "How do I improve a child?"),
        ("How do I develop an app?", "How do I improve an app?"),
        ("How do I gain weight?", "How do I improve my weight?"),
        ("How do I increase her confidence?", "How do I increase his confidence?"),
    ],
    "followers": [
        ("How do I improve the traffic in Bangalore?", "How do I increase the traffic in Bangalore?"),
        ("How do I get traffic reports on Facebook?", "How do I increase the Facebook traffic?"),
        ("How do I get followers on Pinterest?", "How do I lose followers on Pinterest?"),
        ("How do I get followers on Pinterest?", "How do I get followers on Tumblr?"),
        ("How do I block followers on Pinterest?", "How do I get followers on Pinterest?"),
        ("How do I buy likes on Facebook?", "How do I get likes on Facebook?"),
        ("How do I get 100 followers?", "How do I get 200 followers?"),
        ("How do I get out of traffic?", "How do I get traffic?"),
    ],
    "business": [
        ("How do I start a bakery business?", "How do I stop a bakery business?"),
        ("When did Jobs start the company?", "When did Jobs start a business?"),
        ("What is a holding company?", "What is a holding business?"),
        ("How do I start a bakery business?", "How do I start a butcher business?"),
        ("How do I start a bakery company?", "How do I buy a bakery company?"),
    ],
    "taller": [
        ("How do I become taller than Tom?", "How do I increase my height?"),
        ("How do I increase the height of my desk?", "How do I grow taller?"),
        ("Why do boys grow taller?", "Do boys grow taller?"),
        ("How do I measure my height?", "How do I increase my height?"),
        ("How do I get taller plants?", "How do I increase my height?"),
    ],
    "place": [
        ("How do I recover files on an iPhone from iCloud?", "How do I recover files from an iPhone on iCloud?"),
        ("How do I delete mails in March?", "How do I delete mails from March?"),
        ("How do I post a letter in France?", "How do I post a letter to France?"),
        ("How do I add numbers in a sheet?", "How do I add numbers to a sheet?"),
        ("How do I upload photos to my iPhone?", "How do I upload photos on my iPhone?"),
        ("Why do bakers add salt to bread?", "Why do bakers add bread to salt?"),
        ("How do I get out of a group?", "How do I get into a group?"),
        ("How do I send money in Oslo?", "How do I send money to Oslo?"),
        ("How do I send money on Venmo?", "How do I send money from Venmo?"),
        ("How do I restore a backup on my phone?", "How do I restore a backup from my phone?"),
        ("How do I remove a tick on Monday?", "How do I remove a tick from Monday?"),
    ],
    "started": [
        ("How do I get started with data science?", "How do I teach data science?"),
        ("How do I get started with a car?", "How do I learn a car?"),
        ("Did you start in programming?", "Did you learn programming languages?"),
        ("Why did he begin with Java?", "Why did he begin with Python?"),
        ("How do I get started in Java?", "How do I get started in Bali?"),
    ],
    "stay": [
        ("How do I keep my cat fit?", "How do I stay fit?"),
        ("How do I keep the baby awake?", "How do I stay awake?"),
        ("How do I keep him calm?", "How do I stay calm?"),
        ("How do I keep a healthy dog?", "How do I stay a healthy dog?"),
        ("How do I keep fit?", "How do I get fit?"),
    ],
    "nouns": [
        ("Why do other people envy me?", "Why do I envy others?"),
        ("Is a human being able to fly?", "Are people being flown?"),
        ("Why does hair fall on the floor?", "Why is there hair loss?"),
        ("Who makes Android phones?", "Who makes Android?"),
        ("What is an Android phone?", "What is Android?"),
        ("Did Bill Clinton or Trump win?", "Did Hillary or Trump win?"),
        ("Where does Clinton live?", "Where does Hillary live?"),
        ("Who hates mime?", "Who dislikes mime?"),
        ("Why do Americans vote?", "Why does the USA vote?"),
        ("How do I sign a lease?", "How do I read a lease?"),
        ("What is an African American?", "What is an African?"),
        ("How do I transfer photos from Android to iPhone?", "How do I transfer photos from iPhone to Android?"),
        ("Why do old people laugh?", "Why do human beings laugh?"),
    ],
    "favorite": [
        ("What is your least favorite opera?", "What is your all time favorite opera?"),
        ("What is your favorite opera right now?", "What is your favorite opera of all time?"),
        ("What is his all time favorite opera?", "What is her favorite opera?"),
        ("What is the best opera of all time?", "What is your favorite opera?"),
        ("What is your personal opinion?", "What is your favorite opinion?"),
    ],
    "in your life": [
        ("What is the best advice you gave in your life?", "What is the best advice you received?"),
        ("What is the weirdest thing you have ever seen?", "What is the weirdest thing you have ever eaten?"),
        ("What is the best thing you have ever heard?", "What is the best thing you have ever received?"),
        ("What is the worst advice you received in your life?", "What is the best advice you received?"),
        ("What is the best advice you received in your life?", "What is the best advice you received in school?"),
        ("Who is the oldest person in your life?", "Who is the oldest person?"),
    ],
    "purpose of life": [
        ("What is the real purpose of the tower?", "What is the purpose of the tower?"),
        ("What is the true story of life?", "What is the story of life?"),
        ("What is the purpose of life?", "What is the origin of life?"),
        ("What is the main purpose of life?", "What is the main purpose of life insurance?"),
        ("What is the purpose of his life?", "What is the purpose of life?"),
    ],
    "must read": [
        ("Must I read novels about the sea?", "What are the best novels about the sea?"),
        ("What novels must I read?", "What novels do I read?"),
        ("What are some must read novels about the sea?", "What are the worst novels about the sea?"),
        ("What must visit places be?", "Where must I visit?"),
        ("Who must read books?", "Who should read books?"),
    ],
    "similar": [
        ("What are some similar sites to Etsy?", "What are some sites on Etsy?"),
        ("Are moss and lichen similar?", "Are moss and lichen like?"),
        ("What sites are not similar to Etsy?", "What sites are similar to Etsy?"),
        ("How similar is moss to lichen?", "Is moss like lichen?"),
        ("What are the same sites as Etsy?", "What are similar sites to Etsy?"),
    ],
    "was": [
        ("Who was the best teacher?", "Who is the best teacher?"),
        ("What was the best thing in the shop?", "What is the best thing in the shop?"),
        ("Who was the tallest boy in your class?", "Who is the tallest boy in your class?"),
        ("What was the worst thing that happened to you?", "What was the worst thing that happened to me?"),
        ("Where was the best meal you had?", "What is the best meal you had?"),
    ],
    "overcome": [
        ("How do I stop a leak?", "How do I overcome a leak?"),
        ("How do I handle an addiction?", "How do I overcome an addiction?"),
        ("How do I fight a bear?", "How do I overcome a bear?"),
        ("How do I beat a gaming addiction?", "How do I beat a gambling addiction?"),
        ("How do I hide an addiction?", "How do I overcome an addiction?"),
    ],
    "good": [
        ("How do I write a better eulogy than Tom?", "How do I write a good eulogy?"),
        ("How do I write a perfect score?", "How do I write a good score?"),
        ("Who was a great king?", "Who was a good king?"),
        ("How can I be in a film?", "How do I become a film?"),
        ("How can I be able to fly?", "How do I become a fly?"),
        ("How do I build a great wall?", "How do I build a bad wall?"),
    ],
}


@pytest.mark.parametrize(("stored", "asked"), [pair for pairs in ONE.values() for pair in pairs])
def test_one_question_in_two_turns_of_phrase_is_accepted(stored: str, asked: str) -> None:
    """Whichever of the two was stored."""
    assert judged(stored, asked).hit, judged(stored, asked).reason
    assert judged(asked, stored).hit


@pytest.mark.parametrize(("stored", "asked"), [pair for pairs in TWO.values() for pair in pairs])
def test_where_a_turn_of_phrase_would_be_wrong_the_pair_is_refused(stored: str, asked: str) -> None:
    """By the guards, whether or not a glance refuses already."""
    assert not guarded(stored, asked).hit
    assert not guarded(asked, stored).hit
    assert not judged(stored, asked).hit


def test_every_rule_has_its_dangers_written_down() -> None:
    """At least five sentences each in which it might be wrong."""
    assert ONE.keys() == TWO.keys()
    assert min(map(len, TWO.values())) >= 5
