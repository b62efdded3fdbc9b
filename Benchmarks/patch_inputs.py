"""Real updates that patches are measured on: what they are, and how their trees are got.

Each package is pinned by its SHA-256 and fetched by Scripts/fetch-release into .cache/; nothing of it is in the repository.
An index drops old packages: such an input is left out, with a message, by whoever has not fetched it before.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_TO_BE_HAD = 75
"""Exit status of fetch-release."""

SMALL, LARGE, TEXT = "small native", "large native", "text"
"""Small fixes to native code, large changes to it, and files without any. Of the unseen, those are large whose HDiffPatch
patch is above 15 % of the compressed package: decided by that, before ours was measured."""


@dataclass(frozen=True)
class Package:
    version: str
    sha256: str


@dataclass(frozen=True)
class Input:
    name: str
    package: str
    source: tuple[str, ...]
    """How fetch-release is told where it comes from."""
    kind: str
    old: Package
    new: Package
    note: str
    unseen: bool = False
    """Nobody looked at it while the encoder was made."""

    def fetch(self, folder: Path) -> bool:
        """Leaves both trees in `folder`, as `old` and `new`; false when one cannot be had."""
        for side, package in (("old", self.old), ("new", self.new)):
            command = [
                ROOT / "Scripts/fetch-release", *self.source, self.package, package.version, package.sha256, folder / side]
            status = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
            if status == NOT_TO_BE_HAD:
                return False
            if status != 0:
                raise SystemExit(f"bench: error: fetch-release ended with {status} for {self.package} {package.version}")
        return True


WHEEL = ()
WHEEL_X86_64 = ("--wheel", "x86_64")
DEBIAN_ALL = DEBIAN_AMD64 = ("--debian", "amd64")
DEBIAN_ARM64 = ("--debian", "arm64")

INPUTS = [
    Input(
        "libnode", "libnode108", DEBIAN_AMD64, SMALL,
        Package("18.20.4+dfsg-1~deb12u2", "49c281c5fa259fa453a257e9cb0fcfb4385917ee21008ef1acbb5de2a9bb88a6"),
        Package("18.20.4+dfsg-1~deb12u3", "4d1b4ba623b2f65a1b8a9524d3ecccd535388acbac1f9ce810eab017bbc01036"),
        "a security update; one large C++ library"),
    Input(
        "numpy", "numpy", WHEEL_X86_64, SMALL,
        Package("2.4.5", "07ce7e74da92d7c71b5df157b9758bcdd53d7fea10602154de3afd2b3ddc34dd"),
        Package("2.4.6", "89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93"),
        "C, C++ and Fortran, and Python"),
    Input(
        "lefthook", "lefthook", WHEEL_X86_64, SMALL,
        Package("2.2.1", "f129824e8abe1c6ef3012b2073254bf1a3f6b432d636862c5bd83c0a4621716e"),
        Package("2.2.2", "a857391dabb8d9e039f3bf37097616fe8a729cdfb40a785d6ee55ebcf66b3845"),
        "a Go program"),
    Input(
        "synapse", "matrix-synapse", WHEEL_X86_64, SMALL,
        Package("1.163.1", "b5d12e981b32ce6a18d30f51ef3ff167945dbe072539cee4912d8f7db4692423"),
        Package("1.163.2", "6cecae98b6e1b55dd68e689329cf1677cba103d4160c320f04b26bd081ff1558"),
        "a messaging server; its large Rust library stayed the same"),
    Input(
        "libssl", "libssl3", DEBIAN_AMD64, LARGE,
        Package("3.0.17-1~deb12u2", "d97c29db9d9d1d125580be5d7b2e1170adb47e5a8b4481841718be95fa652e68"),
        Package("3.0.22-1~deb12u2", "cb4784740daa9b3b0eaea2b444bbefa686794afbbf3d678d238c1fd9875f2efd"),
        "a security update; C and assembler"),
    Input(
        "dovecot", "dovecot-core", DEBIAN_AMD64, LARGE,
        Package(
            "1:2.3.19.1+dfsg1-2.1+deb12u6", "baa08b36e7eedc69a034d4cb92c91416d21eae2ca9422908b9f470d7116f3d95"),
        Package(
            "1:2.3.19.1+dfsg1-2.1+deb12u7", "08e03ba2b1a43e465a537ce563376b9e11de1889bdf2f4116f456352348b0c87"),
        "a security update; C, built anew"),
    Input(
        "modoboa", "modoboa", WHEEL, TEXT,
        Package("2.11.1", "2cc87cc364f9aa2b5c0f3b03b13f3a18db0a83fdcb0441371a91ee7f41924381"),
        Package("2.12.0", "f3ad5957a2069f3221814979f7144aeb2a541539009a03a534ec19b4f65306e0"),
        "a self-hosted mail suite; Python, JavaScript bundles, translations"),
    Input(
        "roundcube", "roundcube-core", DEBIAN_ALL, TEXT,
        Package("1.6.5+dfsg-1+deb12u9", "36c9f6d29e2eb16a3cd202c1ec165c449a24e455125c2ac5187b76d442104aa0"),
        Package("1.6.5+dfsg-1+deb12u13", "254cf2e046feebc92c91301c826595cd122283c30f5695723c80c0b7f6841d9e"),
        "a security update of a webmail; PHP, few and small changes"),
    Input(
        "bind", "bind9-libs", DEBIAN_AMD64, SMALL,
        Package("1:9.18.49-1~deb12u1", "de791b89f1a542f82be7ee1f3f80a8c9bf55763ae9566b28f564d8ecb27a5c2b"),
        Package("1:9.18.49-1~deb12u3", "3e496836d0e07863551c2d3429d7124c4cf30dec4ef071740b26ce3a428b49da"),
        "a security update; C", unseen=True),
    Input(
        "magick", "libmagickcore-6.q16-6", DEBIAN_AMD64, LARGE,
        Package(
            "8:6.9.11.60+dfsg-1.6+deb12u11", "4d6a6da6c756f5fda4a8f3caf024ee18f76f7195a2097b76c361335d5013718b"),
        Package(
            "8:6.9.11.60+dfsg-1.6+deb12u15", "56f286957402a7b5fe987d47b94f45092c8bb706d51dfaeef2e62e42ac04a4ad"),
        "four security updates in one; C, many small libraries", unseen=True),
    Input(
        "poppler", "libpoppler126", DEBIAN_AMD64, SMALL,
        Package("22.12.0-2+deb12u2", "2d0b5fab03d5e074c3c6e4aeede1235652ddc3a093f51575f319c0ccf693d117"),
        Package("22.12.0-2+deb12u3", "f2a2737ea92f37f760d8d562d9ddc722ffb6072391987f36a3334c592df51818"),
        "a security update; C++", unseen=True),
    Input(
        "python-arm64", "libpython3.11", DEBIAN_ARM64, SMALL,
        Package("3.11.2-6+deb12u8", "124978ff6bdfb972b5ab4eb44899fde190d3e651fdf941d141fd1b5a68bedc80"),
        Package("3.11.2-6+deb12u9", "afdd9cc70e2ffe43551b79288d351920cb495d1190b600d5ceee4c11677fde4e"),
        "a security update; C for AArch64", unseen=True),
    Input(
        "php", "php8.2-cli", DEBIAN_AMD64, LARGE,
        Package("8.2.32-1~deb12u1", "c1ba9256b8a508cba18a0960b4d944a7e772fc4188d2a0e1be4999994db0df03"),
        Package("8.2.36-1~deb12u1", "a9a57edd7ea11c1e702e2b189c3f2427df8e0d5f3c00e380def5283f2c150b7c"),
        "four releases in one; C", unseen=True),
    Input(
        "php-arm64", "php8.2-cli", DEBIAN_ARM64, LARGE,
        Package("8.2.32-1~deb12u1", "adbd3c9ba7a301f04711a4d0afdb7930541388320a8f4d3d067b8666294cd0da"),
        Package("8.2.36-1~deb12u1", "710f8727ce45710af542baa420b960d656440b5b3163c670dd84569e78232825"),
        "the same for AArch64", unseen=True),
    Input(
        "postgres", "postgresql-15", DEBIAN_AMD64, LARGE,
        Package("15.18-0+deb12u1", "6974c43ddec4f383d099e7d642cd59d0af83c2c90c0fb153a4179aa1bb4d73c1"),
        Package("15.20-0+deb12u1", "8566850f295c2cb5034ff5dd5b40caf97eea81b75a841c8d1f691c05ab8815db"),
        "two releases in one; C, LLVM bitcode, translations", unseen=True),
    Input(
        "task", "go-task-bin", WHEEL_X86_64, LARGE,
        Package("3.53.1", "7747e540957aaf9f64a1dd20b42b00652df61e404b9602af7956f4ac12583987"),
        Package("3.54.0", "2a2ac75ab83a70921c5925f8741e47d599e70c8f1ee2639b247b10f36e73ffa6"),
        "a Go program, a new release", unseen=True),
    Input(
        "ruff", "ruff", WHEEL_X86_64, LARGE,
        Package("0.17.4", "2cd025509b2e15721b426fc70fd946d71f43b3db3b08e946dfec2d696d911690"),
        Package("0.17.5", "40ca8afaac309b41a5b2e09e4e7beb1f824826b93c25697c4d74f573324fba4e"),
        "a Rust program, a new release", unseen=True),
    Input(
        "django", "python3-django", DEBIAN_ALL, TEXT,
        Package("3:3.2.25-0+deb12u3", "e2ea9eab56d1f2f0334c8f29aa69f6d8654875198f53de0fd05b45e709d8bb74"),
        Package("3:3.2.25-0+deb12u7", "9ad8ed29d9026207970777e194f658c39b3a7a96a932967f043503fc25bdc319"),
        "four security updates in one; Python and translations", unseen=True),
    Input(
        "django-doc", "python-django-doc", DEBIAN_ALL, TEXT,
        Package("3:3.2.25-0+deb12u3", "33319c8e45b95693603213442ccf9bcee933ef338488115203ad25a0e01c696f"),
        Package("3:3.2.25-0+deb12u7", "87307f067916df72e17180d35b7cde5c7ea6080336cda518efd7f6e66988a7ca"),
        "the same; HTML and a search index", unseen=True),
]
