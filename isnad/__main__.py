"""`python -m isnad` is the command `isnad`."""

import sys

from isnad.cli import main

sys.exit(main())
