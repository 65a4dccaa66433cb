"""Files that are the old ones or the new ones at any moment, whatever ends the program.

Paths and bytes come in; files are on the disk, or an error says that they are as they were.

- disk.py: the calls of the operating system;
- one_file.py: one file, such as a report;
- together.py: several files, all of them or none, with a journal (journal.py) for a run that is
  killed;
- locks.py: two runs that write to the same place exclude each other.

May import model. tests/project/test_writing.py finds everything that writes by another way.
"""
