"""The committed tables of the validation films, from packs of three rows."""

from benchmarks.film_tables import fracture_rows, lesion_rows

FRACTURE = """image_id,fractured,split,group,hand,leg,hardware,frontal,lateral
a.jpg,1,val,7,1,0,1,1,0
b.jpg,0,val,7,0,0,0,1,1
c.jpg,0,train,8,1,1,0,0,0
"""
LESION = """lesion_id,image_id,dx,dx_type,age,sex,localization
HAM_1,ISIC_1,mel,histo,59.0,male,back
HAM_1,ISIC_2,mel,follow_up,60,female,face
HAM_2,ISIC_3,nv,,,unknown,unknown
"""


def test_what_is_told_of_each_film_of_the_fracture_pack(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "manifest.csv").write_text(FRACTURE)
    for name in "abc":
        (tmp_path / "images" / f"{name}.jpg").touch()
    a, b, c = map(dict.values, fracture_rows(tmp_path))
    assert list(a) == ["a.jpg", "7", "hand", "frontal", "with hardware"]
    assert list(b) == ["b.jpg", "7", "unknown", "several views", "without hardware"]
    assert list(c) == ["c.jpg", "8", "mixed", "unknown", "without hardware"]


def test_what_is_told_of_each_picture_of_the_lesion_pack(tmp_path):
    (tmp_path / "labels.csv").write_text(LESION)
    rows = list(lesion_rows(tmp_path))
    assert [row["group"] for row in rows] == ["HAM_1", "HAM_1", "HAM_2"]
    assert [row["Age"] for row in rows] == ["40 to 59", "60 to 79", "unknown"]
    assert [row["Confirmed by"] for row in rows] == ["histology", "follow-up", "unknown"]
    assert (rows[1]["image"], rows[1]["Site"], rows[1]["Sex"]) == ("ISIC_2", "face", "female")
