"""``python -m xlsx_tools`` is ``nianbao``."""

from xlsx_tools.cli.door import main

if __name__ == "__main__":
    main()
