"""What must not stand in a worklog, and what must stay readable in it."""

import pytest

from netra_ops.gardener.privacy import Privacy


class TestPrivacy:
    """People, machines and secrets."""

    def test_people_and_machines_by_number(self) -> None:
        """The same address is the same number everywhere, whatever its letters' case."""
        hide = Privacy().hide

        assert hide("from ada@example.com to Bob@example.com") == "from <email-1> to <email-2>"
        assert hide("ADA@EXAMPLE.COM again") == "<email-1> again"
        assert hide("/users/ada%40example.com?x") == "/users/<email-1>?x"
        assert hide("to jörg@exämple.com") == "to <email-3>"
        assert hide("203.0.113.9 and 198.51.100.1, 203.0.113.9") == "<ip-1> and <ip-2>, <ip-1>"
        assert hide("[2001:db8::1]:443 and 2001:0db8:0:0::1") == "[<ip-3>]:443 and <ip-3>"

    @pytest.mark.parametrize(
        "text",
        [
            "version 1.2.3 of 10.4",
            "at 12:30:45.123 on 2026-09-15T00:43:08Z",
            "listening on 127.0.0.1:8000 and ::1 and 0.0.0.0",
            "std::vector<a::b> and Foo::bar",
            "1.2.3.4.5 is no address, and 999.1.1.1 is none",
            "user@host without a dot",
        ],
    )
    def test_what_is_none_stays(self, text: str) -> None:
        """Versions, times, the machine itself and names in code are left as they are."""
        assert Privacy().hide(text) == text

    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("Authorization: Bearer abcdef0123456789abcdef", "abcdef0123456789"),
            ("password=hunter22hunter", "hunter22"),
            ("token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl end", "eyJzdWIi"),
            ("postgresql://app:s3cr3tpw@db/app refused", "s3cr3tpw"),
        ],
    )
    def test_secrets_go_whole(self, text: str, secret: str) -> None:
        """Tokens, passwords and keys leave nothing of themselves."""
        assert secret not in Privacy().hide(text)

    def test_another_document_begins_anew(self) -> None:
        """Numbers say nothing of whom they stand for, and differ between documents."""
        first, second = Privacy(), Privacy()
        first.hide("ada@example.com")

        assert first.hide("bob@example.com") == "<email-2>"
        assert second.hide("bob@example.com") == "<email-1>"
