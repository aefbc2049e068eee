"""The house rules that can be read off the files."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from streamlit import config

from core.settings import CHECKOUT

ROOMS = ("*.py", *(f"{room}/**/*.py" for room in ("core", "pages", "trainers", "tests")))
HEAVY = {"torch", "torchvision", "timm", "lightning", "pytorch_grad_cam"}
CONFIG = tomllib.loads((CHECKOUT / ".streamlit/config.toml").read_text())


def sources(*patterns: str) -> list[Path]:
    """The Python files that match; finding none is a mistake in the test or a lost room."""
    found = sorted({path for pattern in patterns for path in CHECKOUT.glob(pattern)})
    assert found, f"no file matches {patterns}"
    return found


def trees(*patterns: str) -> dict[str, ast.Module]:
    return {
        str(path.relative_to(CHECKOUT)): ast.parse(path.read_text()) for path in sources(*patterns)
    }


def packages(tree: ast.Module, at_the_top: bool = False) -> set[str]:
    """The packages that a module imports, anywhere or only when it is itself imported."""
    nodes, found = list(tree.body), set()
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if not (at_the_top and lazy):
            nodes += ast.iter_child_nodes(node)
    return found


def keywords(tree: ast.Module, name: str) -> list[ast.Call]:
    """The calls that pass the keyword argument `name`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if name in {keyword.arg for keyword in call.keywords}]


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" as WCAG 2 defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def faded(text: str, ground: str) -> str:
    """Streamlit's captions: 60 % of the text colour over the ground."""
    mixed = (
        round(0.6 * int(text[at : at + 2], 16) + 0.4 * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#{:02X}{:02X}{:02X}".format(*mixed)


def test_packages_sees_lazy_imports_apart():
    tree = ast.parse(
        "import a.b\ntry:\n    from c import d\nexcept E: pass\ndef f():\n    import e"
    )
    assert packages(tree) == {"a", "c", "e"}
    assert packages(tree, at_the_top=True) == {"a", "c"}


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_core_never_imports_streamlit_or_trainers():
    for name, tree in trees("core/**/*.py").items():
        assert "trainers" not in packages(tree), name
        if not name.startswith("core/ui/"):
            assert "streamlit" not in packages(tree), name


def test_trainers_run_without_streamlit():
    for name, tree in trees("trainers/**/*.py").items():
        assert "streamlit" not in packages(tree), name


def test_what_the_pages_import_leaves_torch_alone():
    for name, tree in trees("Home.py", "pages/*.py", "core/**/*.py").items():
        if not name.startswith("core/networks/"):
            assert not packages(tree, at_the_top=True) & HEAVY, name


def test_pages_are_short_scripts():
    for path in sources("Home.py", "pages/*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 130, path.name
        assert "__main__" not in text, path.name


def test_every_module_is_named_for_what_it_holds():
    for path in sources(*ROOMS):
        assert not re.search("util|helper|manager|misc", path.stem), path


def test_u6_nothing_but_our_own_words_is_rendered_as_html():
    for name, tree in trees("Home.py", "pages/*.py", "core/**/*.py").items():
        for call in keywords(tree, "unsafe_allow_html"):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            assert all(isinstance(value, ast.Constant) for value in given), (name, call.lineno)


def test_k10_weights_are_never_unpickled_as_code():
    for name, tree in trees(*ROOMS).items():
        for call in keywords(tree, "weights_only"):
            (value,) = (k.value for k in call.keywords if k.arg == "weights_only")
            assert isinstance(value, ast.Constant) and value.value is True, (name, call.lineno)


@pytest.mark.parametrize("name", [f"requirements{kind}.txt" for kind in ("", "-dev", "-cluster")])
def test_requirements_are_pinned_exactly(name):
    lines = [line.partition("#")[0].strip() for line in (CHECKOUT / name).read_text().splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-r requirements")]
    assert wanted
    for line in wanted:
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[\w+\])?==[0-9][A-Za-z0-9.+]*", line), line


def test_every_configured_option_exists():
    known = set(config.get_config_options())
    flat = {
        f"{section}.{key}.{inner}" if isinstance(value, dict) else f"{section}.{key}"
        for section, values in CONFIG.items()
        for key, value in values.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    assert flat <= known


def test_u4_u5_the_server_guards_its_users():
    server, client = CONFIG["server"], CONFIG["client"]
    assert server["enableXsrfProtection"] is True
    assert server["enableCORS"] is True
    assert server["maxUploadSize"] == 64
    assert client["showErrorDetails"] == "none"
    assert CONFIG["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read_in_both_themes(mode, ground):
    theme = CONFIG["theme"][mode]
    assert contrast(theme["textColor"], theme[ground]) >= 4.5
    assert contrast(theme["linkColor"], theme[ground]) >= 4.5
    assert contrast(faded(theme["textColor"], theme[ground]), theme[ground]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_accent_carries_white_text_and_is_read_as_text(mode):
    theme = CONFIG["theme"][mode]
    assert contrast(theme["primaryColor"], "#FFFFFF") >= 4.5
    assert contrast(theme["primaryColor"], theme["backgroundColor"]) >= 4.5
