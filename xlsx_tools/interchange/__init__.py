"""Filings as JSON: what the contract says, and nothing but exact numbers."""

from xlsx_tools.interchange.filing_json import dump_filing, dumps_filing, parse_filing
from xlsx_tools.interchange.schema import filing_schema

__all__ = ["dump_filing", "dumps_filing", "filing_schema", "parse_filing"]
