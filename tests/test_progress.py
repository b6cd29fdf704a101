import re

from harness import progress


def test_a_stage_ends_with_one_line_when_there_is_no_terminal(capsys):
    with progress.stage("summaries", 3) as advance:
        for _ in range(3):
            advance(1, 50)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"summaries: 3/3 in \d+ s, [\d,]+ tok/s\n", captured.err)


def test_lines_come_now_and_then(capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with progress.stage("scores", 2) as advance:
        advance(1, 0)
    lines = capsys.readouterr().err.splitlines()
    assert "1/2" in lines[0]
    assert "s left" in lines[0]


def test_a_bar_counts_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with progress.stage("texts", 2) as advance:
        advance(2, 10)
    assert "2/2" in capsys.readouterr().err
