"""The copy of a film that is kept: what it shows, and nothing that says whose it is."""

from core import png_file
from core.annotation_records import NewFilm
from core.images import decode
from core.intake import MAX_BYTES, BadImage, recognise


def clean(data: bytes, name: str) -> NewFilm:
    """A film to add to a worklist, from the bytes and the name of its file.

    `core.images.decode` gives the same pixels, spacing and window of the copy as of the file. DICOM
    stays DICOM, of the elements that `core.dicom_export` lists; every other format becomes a PNG
    of pixels alone. `sha256` is that of the file that came in, not of the copy.

    What is written in the pixels stays there. Raises BadImage for a file that is not a film within
    the limits, or whose copy is not.
    """
    film = decode(data, name)
    dicom = recognise(data) == "DICOM"
    if dicom:
        from core import dicom_export  # pydicom takes long to import, and most films are not DICOM

        try:
            copy = dicom_export.copy(film, data)
        except Exception:  # pydicom raises whatever a broken element makes it stumble over
            raise BadImage(
                "No clean copy can be made of this DICOM file: export the film as PNG or TIFF."
            ) from None
    else:
        copy = png_file.write(film.pixels)
    if len(copy) > MAX_BYTES:
        megabytes = len(copy) / 2**20
        raise BadImage(
            f"This film has {megabytes:,.0f} MB when unpacked, more than 64 MB: export it smaller."
        )
    return NewFilm(
        film.sha256,
        film.name,
        copy,
        "dicom" if dicom else "png",
        film.pixels.shape[:2],
        film.spacing_mm,
    )
