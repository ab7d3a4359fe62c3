"""`python -m roleqa` is the command `roleqa`."""

import sys

from roleqa.cli import main

sys.exit(main())
