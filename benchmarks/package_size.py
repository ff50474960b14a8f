"""What is uploaded: the Lambda package of ``make package``, zipped and unpacked.

AWS takes 50 MB zipped by direct upload and 250 MB unpacked: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, at_most, published
from infrastructure.packaging import package
from infrastructure.stages import read_stage

MOST = 8.0  # MB zipped, as tests/cloud/test_package.py holds it


def figures() -> Iterator[Figure]:
    """Both sizes, of the production stage."""
    with TemporaryDirectory() as folder:
        made = package(read_stage("prod"), Path(folder)).code
        zipped = made.stat().st_size
        with zipfile.ZipFile(made) as content:
            files = content.infolist()
    unpacked = sum(each.file_size for each in files)
    yield at_most("package_size", zipped / 1e6, MOST, "MB", "zipped")
    yield published("package_size_unpacked", unpacked / 1e6, "MB", f"{len(files):,} files")


if __name__ == "__main__":
    for figure in figures():
        print(figure)
