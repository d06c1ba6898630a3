"""`python -m fieldsync.cli`."""

from fieldsync.cli import main

main(prog_name="fieldsync")
