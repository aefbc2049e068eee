"""An annotation store that can be taken away, for the tests of the drawing desk."""

from core.annotations import Store, Unreachable

GONE = "The annotation store cannot be reached: start its database; nothing was stored."


class FrailStore(Store):
    """gone: whether nobody answers. saves: how often one was asked to save."""

    gone = False
    saves = 0

    def begin(self, *args):
        self._answer()
        return super().begin(*args)

    def save(self, *args, **kwargs):
        self.saves += 1
        self._answer()
        return super().save(*args, **kwargs)

    def submit(self, *args):
        self._answer()
        return super().submit(*args)

    def revisions(self, *args):
        self._answer()
        return super().revisions(*args)

    def _answer(self) -> None:
        if self.gone:
            raise Unreachable(GONE)


class Given:
    """What the app of these tests is given: the store, the worklist, its films and their pixels."""

    store: FrailStore
    worklist = None
    films = ()
    shown = ()
