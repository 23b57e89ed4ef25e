"""Makes the two IDX files beside this script from the digits.csv.gz inside the scikit-learn package.

    pip download --no-deps scikit-learn && python3 make.py scikit_learn-*.whl

Standard library only. Each line of the source holds 64 pixels (0 to 16, row by row) and the digit.
"""
import gzip, io, pathlib, struct, sys, zipfile

wheel = zipfile.ZipFile(sys.argv[1])
text = gzip.decompress(wheel.read("sklearn/datasets/data/digits.csv.gz")).decode()
rows = [[int(float(cell)) for cell in line.split(",")] for line in text.split()]
pixels = bytes(round(value * 255 / 16) for row in rows for value in row[:64])
labels = bytes(row[64] for row in rows)
here = pathlib.Path(__file__).parent
files = {
    "digits-images-idx3-ubyte.gz": struct.pack(">IIII", 0x803, len(rows), 8, 8) + pixels,
    "digits-labels-idx1-ubyte.gz": struct.pack(">II", 0x801, len(rows)) + labels,
}
for name, data in files.items():
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as out:
        out.write(data)
    (here / name).write_bytes(packed.getvalue())
    print(name, len(data), "->", len(packed.getvalue()))
