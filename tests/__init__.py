"""The tests mirror xlsx_tools/; what several of them need lies in support/."""
