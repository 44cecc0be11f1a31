"""Pictures to look at: small, upright, without what a camera noted, and made within limits."""

import os
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from domain.attachment.kinds import PICTURES
from store.attachment import pictures, shrinking
from store.attachment.files import FileStore, FilesUnavailable
from store.attachment.pictures import NoPicture, PictureSize, make_picture, picture_of
from tests.support.office import now
from tests.support.photographs import bomb, photograph


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path)


def kept(files: FileStore, content: bytes) -> str:
    return files.keep(BytesIO(content)).sha256


class TestAPicture:
    @pytest.mark.parametrize(
        ("size", "shape"), [(PictureSize.SMALL, (240, 320)), (PictureSize.LARGE, (1200, 1600))]
    )
    def test_is_small_upright_and_says_nothing_of_place_and_device(
        self, files: FileStore, size: PictureSize, shape: tuple[int, int]
    ) -> None:
        photo = photograph(4000, 3000)
        assert b"TELEPHONE-OF-A-WORKER" in photo
        made = make_picture(files, kept(files, photo), size)
        with Image.open(BytesIO(made)) as shown:
            assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", shape, {})
        assert b"TELEPHONE" not in made

    @pytest.mark.parametrize("kind", [each.name.upper() for each in PICTURES])
    def test_is_made_of_every_kind_that_is_taken(self, files: FileStore, kind: str) -> None:
        source = BytesIO()
        Image.new("RGB", (40, 30), "red").save(source, kind)
        with Image.open(
            BytesIO(make_picture(files, kept(files, source.getvalue()), PictureSize.SMALL))
        ) as shown:
            assert shown.size == (40, 30), "what is small already is not blown up"

    def test_is_white_where_it_was_transparent(self, files: FileStore) -> None:
        source = BytesIO()
        Image.new("RGBA", (40, 30), (0, 0, 0, 0)).save(source, "PNG")
        with Image.open(
            BytesIO(make_picture(files, kept(files, source.getvalue()), PictureSize.SMALL))
        ) as shown:
            assert shown.getpixel((20, 15)) == (255, 255, 255)

    def test_is_made_once(self, files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
        sha256 = kept(files, photograph())
        assert picture_of(files, sha256, PictureSize.SMALL) is None
        made = make_picture(files, sha256, PictureSize.SMALL)
        monkeypatch.setattr(shrinking, "__file__", "/nowhere")
        assert picture_of(files, sha256, PictureSize.SMALL) == made
        assert make_picture(files, sha256, PictureSize.SMALL) == made

    def test_goes_with_the_file_that_it_was_made_of(self, files: FileStore, tmp_path: Path) -> None:
        gone, stays = kept(files, photograph()), kept(files, photograph(colour="white"))
        for each in (gone, stays):
            make_picture(files, each, PictureSize.SMALL)
        later = now().timestamp() - 60
        for path in tmp_path.rglob("*"):
            os.utime(path, (later, later))
        files.sweep(lambda prefix: {stays} if stays.startswith(prefix) else set(), before=now(), delete=True)
        left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
        assert left == [stays, f"{stays}.small"]


class TestAPictureWithOddNotes:
    @pytest.mark.parametrize("cut", [8, 40], ids=["of the notes' head", "of the notes' rows"])
    def test_is_shown_all_the_same(self, files: FileStore, cut: int) -> None:
        photo = photograph(400, 300)
        at = photo.index(b"Exif") + 6
        damaged = photo[: at + cut] + b"\xff" * 60 + photo[at + cut + 60 :]
        with Image.open(BytesIO(make_picture(files, kept(files, damaged), PictureSize.SMALL))) as shown:
            assert max(shown.size) == 320


class TestAFailureOfOurs:
    @pytest.mark.parametrize(
        "program",
        [
            pytest.param(None, id="the program is not there"),
            pytest.param("raise ImportError", id="its library is not there"),
            pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", id="the system ends it"),
        ],
    )
    def test_is_not_held_against_the_file(
        self, files: FileStore, program: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sha256 = kept(files, photograph())
        with monkeypatch.context() as broken:
            script = tmp_path / "shrinking.py"
            if program:
                script.write_text(program, encoding="utf-8")
            broken.setattr(shrinking, "__file__", str(script))
            with pytest.raises(FilesUnavailable):
                make_picture(files, sha256, PictureSize.SMALL)
        assert make_picture(files, sha256, PictureSize.SMALL)

    def test_is_not_seen_by_the_program_that_decodes(
        self, files: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No secret of ours: it gets an empty environment, and no path of ours."""
        monkeypatch.setenv("DINGDAN_SECRET_KEY", "not for strangers")
        script = tmp_path / "shrinking.py"
        script.write_text(
            "import os, sys; print(dict(os.environ), sys.argv[1:], os.getcwd())", encoding="utf-8"
        )
        monkeypatch.setattr(shrinking, "__file__", str(script))
        said = make_picture(files, kept(files, photograph()), PictureSize.SMALL).decode()
        assert "not for strangers" not in said
        assert said.split("}", 1)[1].split() == ["['320']", "/"]


class TestWhatIsNoPicture:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"%PDF-1.7\n", id="a document"),
            pytest.param(photograph()[:900], id="a part of one"),
            pytest.param(bomb(), id="one that needs too much memory"),
            pytest.param(b"GIF89a" + bytes(40), id="a kind that is not taken"),
        ],
    )
    def test_is_tried_once_and_never_again(
        self, files: FileStore, content: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sha256 = kept(files, content)
        with pytest.raises(NoPicture):
            make_picture(files, sha256, PictureSize.SMALL)
        monkeypatch.setattr(subprocess, "run", None)
        with pytest.raises(NoPicture):
            picture_of(files, sha256, PictureSize.SMALL)

    def test_is_not_what_only_took_too_long(self, files: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
        sha256 = kept(files, photograph())
        with monkeypatch.context() as hurried:
            hurried.setattr(pictures, "_WAITS", 0.001)
            with pytest.raises(FilesUnavailable):
                make_picture(files, sha256, PictureSize.SMALL)
        assert make_picture(files, sha256, PictureSize.SMALL)
