"""The tests of the documentation notice what is wrong with a page."""

import pytest

from doc_blocks import read_blocks
from doc_runner import Failed, Page


def run(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text)
    page = Page(tmp_path)
    for block in read_blocks(path):
        page.run(block)
    return page


def fence(language, code, mark=""):
    return f"{mark}\n```{language}\n{code}\n```\n"


def test_blocks_share_names_and_say_what_they_print(tmp_path):
    page = run(
        tmp_path,
        fence("python", "one = 1\nprint(one)  # 1\n")
        + fence("python", "for k in range(2):\n    print(one + k)")
        + fence('text title="output"', "1\n..."),
    )
    assert page.names["one"] == 1


@pytest.mark.parametrize(
    "text",
    [
        fence("python", "print(1)  # 2"),
        fence("python", "print(1)  # 1\nprint(3)"),
        fence("python", "print(1)") + fence('text title="output"', "2"),
        fence("sh", "sn7fast score nothing.csv nothing.csv"),
        fence("sh", "sn7fast nonsense"),
        fence("sh", "cat nothing.txt | head"),
        fence("klingon", "Qapla'"),
        fence("csv", "a,b\n1"),
        fence("sh", "sn7fast predict IN --outt DIR", "<!-- not run: there is no IN here -->"),
        fence("sh", "sn7fast nonsense", "<!-- not run: there is no such thing -->"),
        fence("sh", "torchrun -m sn7fast.run train --nonsense", "<!-- not run: needs GPUs -->"),
        fence("sh", "make nonsense", "<!-- not run: builds for long -->"),
        fence("sh", "pip install 'sn7fast[nonsense]'", "<!-- not run: installs packages -->"),
        fence("sh", "for x in", "<!-- not run: not even shell -->"),
        fence("python", "print(", "<!-- not run: not even Python -->"),
        fence("sh", "sn7fast doctor", "<!-- not run: no -->"),
    ],
)
def test_what_is_wrong_is_found(tmp_path, text):
    with pytest.raises((Failed, SyntaxError)):
        run(tmp_path, text)


def test_an_error_says_where(tmp_path):
    with pytest.raises(Failed, match=r"page\.md:5: promised"):
        run(tmp_path, "# Title\n\nText.\n" + fence("python", "print(1)  # 2"))


def test_files_are_written_and_used(tmp_path):
    run(
        tmp_path,
        fence('csv title="some/table.csv"', "a,b\n1,2")
        + fence("sh", "# a comment\ncat some/table.csv | \\\n    tail -n 1")
        + fence('text title="output"', "1,2"),
    )


def test_what_is_not_run_is_not_run(tmp_path):
    run(tmp_path, fence("python", "raise SystemExit", "<!-- not run: it would end the tests -->"))


def test_commands_get_further_arguments(tmp_path):
    run(tmp_path, fence("sh", "sn7fast score", "<!-- run with: --help -->"))


def test_numbers_may_differ_where_the_page_says_so(tmp_path):
    code = fence("python", "print('score 0.664, 1937 buildings')")
    mark = "<!-- roughly: another processor -->"
    run(tmp_path, code + fence('text title="output"', "score 0.670, 1950 buildings", mark))
    for wrong in ("score 0.770, 1950 buildings", "score 0.670, 2950 buildings", "scot 0.670, 1937"):
        with pytest.raises(Failed):
            run(tmp_path, code + fence('text title="output"', wrong, mark))


def test_a_mark_belongs_to_the_block_below(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("<!-- not run: needs a cluster -->\nText.\n" + fence("sh", "sn7fast doctor"))
    with pytest.raises(AssertionError, match="a mark above something else"):
        read_blocks(path)
    path.write_text("```sh\nsn7fast doctor\n")
    with pytest.raises(AssertionError, match="not closed"):
        read_blocks(path)
