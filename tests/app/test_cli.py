"""The console script as a person or a shell script meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError
from tests.serving import SUYUAN, Done, Service, environment, run
from tests.trace.scribe import document, object_event

from suyuan.app.cli import main
from suyuan.app.verification import verify_log
from suyuan.base.errors import SuyuanError

COMMANDS = ("demo", "serve", "migrate", "edge", "emulate", "capture", "trace", "qr", "decode", "encode", "verify")
KEY = re.compile(r"sy_[0-9a-z]{12}_[0-9A-Za-z_-]{43}")
TAG = "3074257BF7194E4000001A85"
EPC = "urn:epc:id:sgtin:0614141.812345.6789"


def refused(*words: str | Path, cwd: Path, stdin: bytes | None = None, **more: str) -> str:
    """The one line of a command that was used wrongly."""
    done = run(*words, cwd=cwd, stdin=stdin, **more)
    line = done.stderr.decode()
    assert done.returncode == 2, (done.returncode, line)
    assert line.startswith("suyuan: "), line
    assert line.count("\n") == 1, line
    assert "Traceback" not in line
    return line


def ok(done: Done) -> str:
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


class TestHelp:
    """Each command's --help is its manual."""

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_a_manual(self, command: str, tmp_path: Path) -> None:
        text = ok(run(command, "--help", cwd=tmp_path))
        assert f"suyuan {command}" in text
        assert ok(run(command, "-h", cwd=tmp_path)) == text

    def test_the_list_of_commands_is_complete(self, tmp_path: Path) -> None:
        text = ok(run("--help", cwd=tmp_path))
        for command in (*COMMANDS, "keys"):
            assert re.search(rf"^\W*{command} ", text, re.MULTILINE), command
        for command in ("add", "list", "revoke"):
            ok(run("keys", command, "--help", cwd=tmp_path))

    def test_the_version(self, tmp_path: Path) -> None:
        assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\n", ok(run("--version", cwd=tmp_path)))

    def test_decoding_does_not_wait_for_the_web_framework(self) -> None:
        code = (
            "import sys; from suyuan.app import cli; sys.exit(sum(m in sys.modules for m in ('fastapi', 'sqlalchemy')))"
        )
        done = subprocess.run([SUYUAN.with_name("python"), "-P", "-c", code], check=False, env=environment())
        assert done.returncode == 0


class TestWrongUse:
    """One line on stderr, exit code 2, no traceback."""

    @pytest.mark.parametrize(
        "words",
        [
            ["nonsense"], ["--nonsense"], ["decode"], ["decode", "--filter", "9", EPC], ["decode", "x", "y"],
            ["decode", ""], ["decode", "ZZ"], ["decode", "3" * 9000], ["decode", "urn:epc:id:sgtin:1.2.3"],
            ["encode"], ["encode", ""], ["encode", EPC, "--filter", "64"], ["encode", EPC, "--scheme", "sgtin-97"],
            ["encode", "https://id.gs1.org/01/00614141123452/21/1"], ["encode", EPC, "--company-prefixes", "none"],
            ["decode", EPC, "--company-prefixes", "/dev/null"], ["encode", EPC, "--scheme", "sgtin++"],
            ["decode", "--company-prefix-length", "5", EPC], ["decode", "\x1b[31mred"], ["decode", "\u202e溯源"],
            ["trace", EPC], ["trace", EPC, "--back", "--forward"], ["trace", EPC, "--back", "--data", "none"],
            ["trace"], ["trace", EPC, "--back", "--server", "ftp://x"], ["trace", EPC, "--back", "--server", "x"],
            ["verify", "none.json"], ["verify", "none.json", "--log", "x"], ["verify", "--log", "none"],
            ["verify", "--data", "none"], ["verify", "--log", ""], ["verify", "", "--policy", "/dev/null"],
            ["keys"], ["keys", "add"], ["keys", "add", "--role", "king", "--name", "x"],
            ["keys", "add", "--role", "device", "--name", ""], ["keys", "revoke"], ["keys", "revoke", "../x"],
            ["keys", "revoke", "none"], ["keys", "list", "--data", "none"],
            ["keys", "add", "--role", "device", "--name", "x", "--expires", "soon"],
            ["keys", "add", "--role", "device", "--name", "x", "--party", "nobody"],
            ["qr", EPC], ["qr", "x", "-o", "x.png"], ["qr", EPC, "-o", "x.gif"], ["qr", EPC, "-o", "none/x.png"],
            ["qr", EPC, "-o", "x.png", "--level", "Z"], ["qr", EPC, "-o", "."],
            ["migrate", "--database", "mysql://x/y"], ["migrate", "--database", "x"], ["migrate", "--revision", "none"],
            ["migrate", "--revision", "'; DROP"], ["migrate", "--data", "/dev/null"],
            ["edge"], ["edge", "--config", "none.toml"], ["emulate", "--config", "none.toml"],
            ["serve", "--port", "99999"], ["serve", "--port", "x"], ["demo", "--port", "-1"], ["demo", "--seed", "x"],
            ["capture"], ["serve", "extra"], ["hash"], ["hash", "none.xml"], ["hash", "none.json"], ["hash", "."],
        ],
        ids=lambda words: " ".join(words)[:40],
    )  # fmt: skip
    def test_is_one_line_and_exit_code_2(
        self, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """In this process: a new one for each would take a minute. The tests below start processes."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "none.json").write_text("{}")
        monkeypatch.setattr("sys.argv", ["suyuan", *words])
        with pytest.raises(SystemExit) as leaving:
            main()
        line = capfd.readouterr().err
        assert (leaving.value.code, line.count("\n"), line[:8]) == (2, 1, "suyuan: "), line

    def test_so_it_is_for_the_script(self, tmp_path: Path) -> None:
        for words in (["nonsense"], ["decode", "ZZ"], ["verify", "none.json"], ["migrate", "--revision", "none"]):
            refused(*words, cwd=tmp_path)

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        cases: list[list[str | bytes]] = [
            ["decode", b"\xff\xfe"], ["qr", b"\xff", "-o", "x.png"], ["decode", EPC, b"--\xff"],
            ["trace", b"\xff", "--back"], ["verify", b"\xff"],
        ]  # fmt: skip
        for words in cases:
            done = subprocess.run([SUYUAN, *words], capture_output=True, check=False, cwd=tmp_path, env=environment())
            assert (done.returncode, done.stderr.count(b"\n"), done.stderr[:8]) == (2, 1, b"suyuan: "), done.stderr

    @pytest.mark.parametrize("closed", ["<&-", ">&-"])
    def test_streams_that_are_closed_are_empty(self, closed: str, tmp_path: Path) -> None:
        script = f"{SUYUAN} decode --json - {closed}"
        done = subprocess.run(
            ["bash", "-c", script],
            input=EPC.encode(),
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env=environment(),
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

    def test_without_any_command_the_manual_is_shown(self, tmp_path: Path) -> None:
        done = run(cwd=tmp_path)
        assert done.returncode in {0, 2}
        assert b"Usage" in done.stdout + done.stderr


class TestDecode:
    """suyuan decode"""

    def test_every_form_of_a_tag(self, tmp_path: Path) -> None:
        text = ok(run("decode", TAG, cwd=tmp_path))
        assert EPC in text
        assert "https://id.gs1.org/01/80614141123458/21/6789" in text
        assert json.loads(ok(run("decode", "--json", TAG, cwd=tmp_path)))["epc_uri"] == EPC

    def test_lines_in_objects_out_and_one_wrong_line_spoils_nothing(self, tmp_path: Path) -> None:
        lines = [TAG.encode(), b"", b"nonsense", b"\xff\xff", b"x" * 100_000, EPC.encode(), TAG.lower().encode()]
        found = [
            json.loads(line)
            for line in ok(run("decode", "--json", "-", stdin=b"\n".join(lines), cwd=tmp_path)).splitlines()
        ]
        assert len(found) == len(lines)
        assert ["error" in answer for answer in found] == [False, True, True, True, True, False, False]
        assert found[0]["hex"] == found[6]["hex"] == TAG
        assert found[0]["epc_uri"] == found[5]["epc_uri"] == EPC
        assert set(found[0]) == {
            "input", "scheme", "epc_uri", "tag_uri", "digital_link", "element_string", "hex", "filter"
        }  # fmt: skip
        assert set(found[2]) == {"input", "error"}

    def test_a_bank_of_a_tag(self, tmp_path: Path) -> None:
        text = ok(run("decode", "--json", "--bank", "tid", "E2801190200050A1B2C3D4E5", cwd=tmp_path))
        assert json.loads(text)["tag_uri"] == "urn:epc:stid:x801.x190.x50A1B2C3D4E5"
        out = ok(run("decode", "--json", "--bank", "epc", "-", stdin=b"00\n", cwd=tmp_path))
        assert "EPC bank has 1 bytes" in json.loads(out)["error"]

    def test_no_input_is_no_output(self, tmp_path: Path) -> None:
        assert ok(run("decode", "--json", "-", stdin=b"", cwd=tmp_path)) == ""

    def test_a_reader_that_has_seen_enough_is_no_error_worth_a_traceback(self, tmp_path: Path) -> None:
        with subprocess.Popen(
            [SUYUAN, "decode", "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=tmp_path, env=environment(),
        ) as process:  # fmt: skip
            assert process.stdin
            assert process.stdout
            assert process.stderr
            feeder = threading.Thread(target=_feed, args=(process.stdin.fileno(), f"{TAG}\n".encode() * 40_000))
            feeder.start()
            process.stdout.readline()
            process.stdout.close()
            feeder.join()
            process.stdin.close()
            assert b"Traceback" not in process.stderr.read()

    def test_answers_come_line_by_line_to_one_who_waits_for_them(self, tmp_path: Path) -> None:
        with subprocess.Popen(
            [SUYUAN, "decode", "--json", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path,
            env=environment(), bufsize=0,
        ) as process:  # fmt: skip
            assert process.stdin
            assert process.stdout
            for _ in range(2):
                process.stdin.write(f"{TAG}\n".encode())
                assert json.loads(process.stdout.readline())["hex"] == TAG
            process.stdin.close()


class TestEncode:
    """suyuan encode"""

    LINK = "https://id.gs1.org/01/80614141123458/21/6789"

    def test_every_form_of_what_gets_a_tag(self, tmp_path: Path) -> None:
        assert json.loads(ok(run("encode", "--json", EPC, "--filter", "3", cwd=tmp_path)))["hex"] == TAG
        text = ok(run("encode", self.LINK, "--scheme", "SGTIN++", "--hostname", "example.com", cwd=tmp_path))
        assert "https://example.com/01/80614141123458/21/6789" in text

    def test_lines_in_objects_out_and_one_wrong_line_spoils_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "prefixes").write_text("0614141\n")
        lines: list[tuple[str, str, str]] = [
            (json.dumps({"epc_uri": EPC, "filter": 3}), EPC, TAG),
            (json.dumps({"digital_link": self.LINK, "filter": 3, "scheme": "SGTIN-96"}), self.LINK, TAG),
            (
                json.dumps({"element_string": "(01)80614141123458(21)6789", "filter": 3}),
                "(01)80614141123458(21)6789",
                TAG,
            ),
            (json.dumps({"digital_link": "https://id.gs1.org/01/09506000134352/21/1"}), "", "company prefix"),
            ("", "", "not as expected"),
            ("nonsense", "nonsense", "not as expected"),
            ("[" * 9_000, "[" * 200, "not as expected"),
            ("{}", "{}", "line has none"),
            (json.dumps({"epc_uri": EPC, "digital_link": self.LINK}), "", "digital_link and epc_uri"),
            (json.dumps({"epc_uri": EPC, "filter": "3"}), "", "`$.filter`"),
            (json.dumps({"epc_uri": EPC, "filter": 64}), EPC, "filter value 64"),
            (json.dumps({"epc_uri": EPC, "color": 1}), "", "unknown field `color`"),
            (json.dumps({"epc_uri": EPC, "scheme": "sgtin-97"}), EPC, "not a tag encoding"),
            (json.dumps({"epc_uri": self.LINK}), self.LINK, "epc_uri"),
            (json.dumps({"element_string": EPC}), EPC, "element_string"),
            ("x" * 100_000, "", "longer than 16384 bytes"),
            (json.dumps({"epc_uri": EPC, "filter": 3, "company_prefix_length": 9}), EPC, TAG),
        ]
        stdin = "\n".join(line for line, _, _ in lines).encode()
        out = ok(run("encode", "--json", "-", "--company-prefixes", "prefixes", stdin=stdin, cwd=tmp_path))
        found = [json.loads(line) for line in out.splitlines()]
        assert len(found) == len(lines)
        for answer, (_, given, expected) in zip(found, lines, strict=True):
            assert expected in answer.get("error", answer.get("hex")), answer
            assert answer["input"].startswith(given)

    def test_a_list_of_company_prefixes_is_read_or_named_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "prefixes").write_text("0614141\nx\n")
        assert "prefixes, line 2: prefix 'x'" in refused(
            "encode", EPC, cwd=tmp_path, SUYUAN_COMPANY_PREFIXES="prefixes"
        )
        (tmp_path / "prefixes").write_bytes(b"\xff\xfe\xff")
        assert "not UTF-8" in refused("decode", EPC, "--company-prefixes", "prefixes", cwd=tmp_path)


def _feed(handle: int, data: bytes) -> None:
    at = 0
    try:
        while at < len(data):
            at += os.write(handle, data[at : at + 65536])
    except BrokenPipeError:
        return


class TestQr:
    """suyuan qr"""

    def test_png_and_svg(self, tmp_path: Path) -> None:
        ok(run("qr", EPC, "-o", "a.png", cwd=tmp_path))
        ok(run("qr", EPC, "-o", "a.svg", "--public-url", "https://shop.example", "--level", "h", cwd=tmp_path))
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (tmp_path / "a.svg").read_bytes()


class TestKeys:
    """suyuan keys, in a folder and through a server"""

    @pytest.mark.parametrize("served", [False, True])
    def test_a_key_is_made_listed_and_revoked(self, served: bool, service: Service, tmp_path: Path) -> None:
        where = ["--server", service.url, "--data", service.data] if served else ["--data", "ledger"]
        made = ok(run("keys", "add", "--role", "device", "--name", "北门 gate", *where, cwd=tmp_path))
        assert KEY.fullmatch(made.strip())
        key_id = made.split("_")[1]
        listed = ok(run("keys", "list", *where, cwd=tmp_path))
        assert key_id in listed
        assert "北门 gate" in listed
        assert made.strip() not in listed
        ok(run("keys", "revoke", key_id, *where, cwd=tmp_path))
        assert "revoked" in ok(run("keys", "list", *where, cwd=tmp_path))
        assert "already revoked" in refused("keys", "revoke", key_id, *where, cwd=tmp_path)

    def test_beside_a_running_server_the_folder_is_not_touched(self, service: Service, tmp_path: Path) -> None:
        done = run("keys", "add", "--role", "device", "--name", "x", "--data", service.data, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"a server is running" in done.stderr
        assert "admin" in ok(run("keys", "list", "--data", service.data, cwd=tmp_path))

    def test_another_role_may_not(self, service: Service, tmp_path: Path) -> None:
        line = refused("keys", "list", "--server", service.url, "--key", service.keys["producer"], cwd=tmp_path)
        assert "producer may not" in line
        assert service.keys["producer"] not in line


class TestCapture:
    """suyuan capture"""

    def test_one_line_a_file_and_what_is_known_is_counted(self, service: Service, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_bytes(document(object_event(555_001), object_event(555_002)))
        where = ["--server", service.url, "--key", service.keys["producer"]]
        first = ok(run("capture", "a.json", *where, cwd=tmp_path))
        assert first == "a.json: 2 events, 0 of them known before\n"
        again = ok(run("capture", "-", *where, cwd=tmp_path, stdin=(tmp_path / "a.json").read_bytes()))
        assert again == "-: 2 events, 2 of them known before\n"

    def test_a_refused_file_does_not_stop_the_others(self, service: Service, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("{")
        (tmp_path / "b.json").write_bytes(document(object_event(555_003)))
        done = run("capture", "a.json", "none.json", "b.json", "--server", service.url, cwd=tmp_path,
                   SUYUAN_KEY=service.keys["producer"])  # fmt: skip
        assert done.returncode == 2
        assert done.stdout.decode() == "b.json: 1 events, 0 of them known before\n"
        assert [line.split(":")[0] for line in done.stderr.decode().splitlines()] == ["a.json", "none.json"]

    def test_without_a_key_or_a_server(self, service: Service, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_bytes(document(object_event(555_004)))
        done = run("capture", "a.json", "--server", service.url, cwd=tmp_path)
        assert (done.returncode, b"API key is needed" in done.stderr) == (2, True)
        done = run("capture", "a.json", "--server", "http://127.0.0.1:9", cwd=tmp_path)
        assert (done.returncode, b"does not answer" in done.stderr) == (2, True)


class TestTrace:
    """suyuan trace, in a folder and through a server"""

    def test_both_ways_and_as_json(self, service: Service, tmp_path: Path) -> None:
        event = object_event(666_001)
        service.capture(document(event))
        (name,) = event["epcList"]
        for where in (["--server", service.url, "--key", service.keys["regulator"]], ["--data", service.data]):
            for way in ("--back", "--forward"):
                assert "666001" in ok(run("trace", name, way, *where, cwd=tmp_path))
            answer = json.loads(ok(run("trace", name, "--forward", "--json", *where, cwd=tmp_path)))
            assert answer["id"] == "https://id.gs1.org/01/00614141000074/21/666001"
            assert answer["direction"] == "forward"

    def test_a_thing_that_the_ledger_has_never_seen(self, service: Service, tmp_path: Path) -> None:
        line = refused("trace", "urn:epc:id:sgtin:0614141.000001.99", "--back", "--data", service.data, cwd=tmp_path)
        assert "never seen" in line


class TestMigrate:
    """suyuan migrate"""

    def test_up_down_and_up(self, tmp_path: Path) -> None:
        for revision in ("0002", "0001", "base", "0002", "0002"):
            assert ok(run("migrate", "--data", "x", "--revision", revision, cwd=tmp_path)).startswith(
                f"schema {revision}"
            )

    def test_not_under_a_running_server(self, service: Service, tmp_path: Path) -> None:
        done = run("migrate", "--data", service.data, "--revision", "base", cwd=tmp_path)
        assert (done.returncode, b"a server is running" in done.stderr) == (1, True)
        assert service.get("/readyz", None).status_code == 200


@pytest.fixture(scope="module")
def folder_of_one_act(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which one key was made."""
    folder = tmp_path_factory.mktemp("act")
    ok(run("keys", "add", "--role", "device", "--name", "x", "--data", folder, cwd=folder))
    return folder


@pytest.fixture
def one_act(folder_of_one_act: Path) -> bytes:
    """Its database."""
    return (folder_of_one_act / "suyuan.db").read_bytes()


@pytest.fixture
def policy_of_one_act(folder_of_one_act: Path) -> bytes:
    """Its policy."""
    return (folder_of_one_act / "log.policy").read_bytes()


class TestVerify:
    """suyuan verify on a folder"""

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE act SET body = x'7b7d'", "UPDATE act SET body = '{}'", "UPDATE act SET salt = 7", "DELETE FROM act",
            "UPDATE act SET name = x'00'", "UPDATE leaf SET body = 'text'", "UPDATE leaf SET body = 900000000000",
            "DELETE FROM leaf", "UPDATE checkpoint SET note = 5", "UPDATE checkpoint SET note = x'ff'",
            "UPDATE checkpoint SET root = 'x', note = 'x'", "DELETE FROM checkpoint", "DROP TABLE leaf",
        ],
    )  # fmt: skip
    def test_a_changed_row_is_found_whatever_was_put_there(
        self, change: str, tmp_path: Path, one_act: bytes, policy_of_one_act: bytes
    ) -> None:
        (tmp_path / "suyuan.db").write_bytes(one_act)
        (tmp_path / "log.policy").write_bytes(policy_of_one_act)
        trust = policy_of_one_act
        assert next(verify_log(str(tmp_path), trust, [])).startswith("verified: log")
        db = sqlite3.connect(tmp_path / "suyuan.db")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(change)
        db.commit()
        db.close()
        with pytest.raises((SuyuanError, SQLAlchemyError)):
            list(verify_log(str(tmp_path), trust, []))

    def test_a_policy_of_another_log_does_not_verify(self, service: Service, tmp_path: Path) -> None:
        ok(run("keys", "add", "--role", "device", "--name", "x", "--data", "x", cwd=tmp_path))
        refused("verify", "--log", service.url, "--policy", "x/log.policy", cwd=tmp_path)
        refused("verify", "--data", service.data, "--policy", "x/log.policy", cwd=tmp_path)
