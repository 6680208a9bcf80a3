"""patch.py FROM TO OLD NEW: copies a file with all occurrences of a text replaced."""
import sys

source, to, old, new = sys.argv[1:]
with open(source, "rb") as file:
    contents = file.read()
assert old.encode() in contents and len(old) == len(new)
with open(to, "wb") as file:
    file.write(contents.replace(old.encode(), new.encode()))
