"""Our own engines for the public xlwings API: a file, a live LibreOffice, a request in JSON.

They are built on the part of xlwings that is under the BSD licence, and on no other.
"""
