"""``python -m xlsx_tools`` is ``nianbao``."""

from xlsx_tools.cli.main import main

if __name__ == "__main__":
    main()
