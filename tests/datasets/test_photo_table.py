import os
from pathlib import Path

import pytest

from regard.datasets.photo_table import read_table
from regard.errors import DataError


@pytest.fixture
def table(tmp_path):
    """A function that writes a table beside empty files, two of them in a folder."""
    (tmp_path / "photos" / "more").mkdir(parents=True)
    for name in ("1.png", "2.png", "ą, b.png", "more/3.png", "more/4"):
        (tmp_path / "photos" / name).touch()
    (tmp_path / "outside.png").touch()

    def make(text, encoding="utf-8"):
        file = tmp_path / "photos" / "labels.csv"
        file.write_bytes(text.encode(encoding))
        return file

    return make


def found(file):
    source = read_table(file)
    return [
        (photo.path.relative_to(file.parent).as_posix(), source.class_names[photo.label])
        for photo in source.photos
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_columns_are_told_by_name(table, end, encoding):
    lines = ("label, age, path", "cat, 3, 1.png", '"dog",, "ą, b.png"', "", "żółw,7,more/4")
    file = table(end.join(lines), encoding)
    assert found(file) == [("1.png", "cat"), ("ą, b.png", "dog"), ("more/4", "żółw")]
    assert read_table(file).folder == file.parent
    assert {photo.side for photo in read_table(file).photos} == {None}


def test_class_names_are_in_natural_order(table):
    file = table("path,label\n1.png,class 10\n2.png,class 2\nmore/3.png,a/b 1\n")
    assert read_table(file).class_names == ("a/b 1", "class 2", "class 10")


def test_a_split_column(table):
    file = table("path,label,split\n1.png,cat,train\n2.png,dog,test\nmore/4,dog,validation\n")
    assert [photo.side for photo in read_table(file).photos] == ["train", "test", "validation"]


def test_a_group_column(table):
    file = table("path,label,group\n1.png,cat,p 1\n2.png,dog,p 1\nmore/4,dog,7\n")
    assert [photo.group for photo in read_table(file).photos] == ["p 1", "p 1", "7"]
    with pytest.raises(DataError, match="line 3: no group"):
        read_table(table("path,label,group\n1.png,cat,p 1\n2.png,dog,\n"))
    with pytest.raises(DataError, match=r"line 3: group of 1.png is 'b', but 'a' in line 2"):
        read_table(table("path,label,group\n1.png,cat,a\n1.png,cat,b\n"))


def test_a_row_that_says_the_same_again_counts_once(table):
    assert found(table("path,label\n1.png,cat\n./more/../1.png,cat\n2.png,dog\n")) == [
        ("1.png", "cat"),
        ("2.png", "dog"),
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("none.png,cat", r"line 3: there is no file none\.png\."),
        ("more,cat", "line 3: there is no file more"),
        ("../outside.png,cat", "line 3: .*outside.png lies outside the table's folder"),
        ("more/../../outside.png,cat", "line 3: .* lies outside"),
        ("/etc/hosts,cat", "line 3: .* is absolute; name it relative"),
        (r"C:\cat.png,cat", "line 3: .* is absolute"),
        ("2.png,", "line 3: no label"),
        ("2.png,  ", "line 3: no label"),
        ("2.png", "line 3: no label"),
        (",cat", "line 3: no path"),
        ("2.png,cat,big", "line 3: more cells than columns; put a cell with a comma in quotes"),
        ("1.png,cat", "line 3: label of 1.png is 'cat', but 'dog' in line 2"),
        ("\n\n1.png,cat", "line 5: label of 1.png"),
        ("x\0.png,cat", "line 3: .*cannot be a file|line 3: there is no file|line contains NUL"),
        (f"{'x' * 300},cat", "line 3: "),
        ('"1.png,cat', "line 3: no CSV"),
        ("a,a\nb,b\nc,c\nd,d\ne,e", r"line 3: .*; line 4: .*; line 5: .*; and 2 more lines\.$"),
    ],
)
def test_wrong_rows_are_named(table, rows, message):
    with pytest.raises(DataError, match=message) as error:
        read_table(table(f"path,label\n1.png,dog\n{rows}\n"))
    assert "labels.csv, line" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("split", ["", "Train", "dev"])
def test_a_split_that_is_none(table, split):
    with pytest.raises(DataError, match=rf"line 2: split is '{split}'; it must be train, valid"):
        read_table(table(f"path,label,split\n1.png,cat,{split}\n"))


def test_a_photo_with_two_splits(table):
    with pytest.raises(DataError, match=r"line 3: split of 1.png is 'test', but 'train' in line 2"):
        read_table(table("path,label,split\n1.png,cat,train\n1.png,cat,test\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column 'path'; its first row is ''"),
        (
            "path;label\n1.png;cat\n",
            "no column 'path'; its first row is 'path;label'. It must name",
        ),
        ("path,class\n1.png,cat\n", "no column 'label'; its first row is 'path, class'"),
        ("path,label,path\n", "has 2 columns 'path'; leave one"),
        ("path,label\n", "names 0 classes"),
        ("path,label\n1.png,cat\n2.png,cat\n", "names 1 classes; there must be at least two"),
    ],
)
def test_a_table_that_cannot_be_used(table, text, message):
    with pytest.raises(DataError, match=message):
        read_table(table(text))


def test_another_encoding(table):
    with pytest.raises(DataError, match=r"not UTF-8 .*Save it as CSV in UTF-8"):
        read_table(table("path,label\n1.png,żółw\n", "iso8859-2"))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: cannot be read"):
        read_table(tmp_path / "none.csv")


def test_a_table_of_the_working_folder(table, monkeypatch):
    monkeypatch.chdir(table("path,label\n1.png,cat\n2.png,dog\n").parent)
    assert len(found(Path("labels.csv"))) == 2


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_a_link_out_of_the_folder_is_no_way_out(table, tmp_path):
    (tmp_path / "photos" / "up").symlink_to(tmp_path)
    with pytest.raises(DataError, match=r"up/outside\.png lies outside"):
        read_table(table("path,label\nup/outside.png,cat\n"))
