"""A real worker process whose judge is the strict one of the tests: `python -m tests.support.strict_worker worker …`."""

from tests.support.judge import StrictJudge
from workers import caching
from workers.cli import main

if __name__ == "__main__":
    caching.Judging = StrictJudge  # type: ignore[assignment, misc]
    main()
