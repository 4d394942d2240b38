"""Pages kept while nothing that they show has changed."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class KeptPages:
    """The texts most recently made, by all that they depend on; the oldest go first.

    The key holds the version of the scores, so that nothing ever has to be thrown away by hand.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the text of a key, made now if it is not kept."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
                return page
        page = make()  # outside the lock: two may make the same, nobody waits
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > self._most:
                self._pages.popitem(last=False)
        return page
