"""Parquet files of pictures, as people publish them."""

from __future__ import annotations

import io

from PIL import Image


def encoded(image):
    """A picture's file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def png(red):
    """The file of a picture of one colour."""
    return encoded(Image.new("RGB", (20, 18), (red, 0, 0)))


def write(path, columns, *, group=4, features=None):
    """Columns of bytes, dictionaries or numbers; ``features`` are written into the file as ``datasets`` does."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(columns, schema=features.arrow_schema if features else None)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=group)
    return path


def pictures(reds):
    """A column of pictures as ``datasets`` stores them."""
    return [{"bytes": png(red), "path": f"{red}.png"} for red in reds]


def labelled(path, reds, names=("dark", "bright"), **how):
    """Pictures with the label "bright" where the red is 100 and more."""
    import datasets

    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=list(names))})
    columns = {"image": pictures(reds), "label": [int(red >= 100) for red in reds]}
    return write(path, columns, features=features, **how)
