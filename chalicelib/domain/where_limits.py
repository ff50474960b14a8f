"""How large a search may be."""

MAX_BYTES = 32 * 1024  # of a ``where`` as compact JSON in UTF-8
MAX_DEPTH = 8  # levels of ``and``, ``or`` and ``not``, the whole ``where`` being the first
MAX_ITEMS = 100  # items on all levels together
MAX_VALUES = 200  # entries of one ``value`` that is a list
MAX_TEXT = 500  # characters of one text to compare with
MAX_LISTS = 20  # target lists that one ``where`` asks about: each is one more read for every person
MAX_DAYS = 36_500  # of "last so many days"
MAX_PATH = 5  # names in a row after ``attributes.``
