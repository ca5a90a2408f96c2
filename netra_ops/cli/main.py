"""The command `netra`: errors turned into exit codes.

0 pass, 1 fail, 2 usage, 3 could not decide.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from netra_ops.cli.configuration import direct
from netra_ops.cli.output import remark
from netra_ops.findings import ExitCode, OpsError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code.

    Raises:
        SystemExit: The command line itself ended it, as help and usage errors do.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if (arguments := direct.check_arguments(words)) is not None:
            return direct.run_check(arguments)
        # What reads all other command lines takes longer to load than a check takes.
        program = import_module("netra_ops.cli.program")
        program.program(words[0] if words else None)(args=words)
    except OpsError as error:
        remark(str(error))
        return error.exit_code
    return ExitCode.PASS


if __name__ == "__main__":
    sys.exit(main())
