"""Workbooks (.xlsx) in and out, whatever stands in them: what the ledger and the registries read and write is built on this.

A file that comes in goes through these steps, one module each; none of them knows the database:

    container   what kind of file it is, and whether it keeps to the limits
    cells       the sheets of the package as plain values, each part streamed once: `read_workbook(content)`
    sheets      what stands around a table: wording of headers, merged cells, sums, notes, signatures
    values      one cell as text, a whole number, a list of names; `dates` as days and clock times
    names       a name as the thing that bears it, or the nearest known ones
    problems    what can be wrong: with the file (Unreadable), with the request (Refused), with one cell (Problem)

The other way: `writing` (text that is never a formula, drop-down lists), `marked` (the user's own file with its errors;
`lighten` makes it ready for openpyxl). `bulk` is for work on tens of thousands of objects at once.
"""
