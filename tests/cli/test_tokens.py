"""`token`: shown once, listed without its secret, and gone when it is revoked."""

from pathlib import Path


def test_the_secret_is_shown_once_and_is_in_no_file(cli):
    said = cli("token", "add", "anna", "--role", "operate")
    assert said.code == 0, said.err
    secret = said.out.strip()
    assert secret.startswith("campaigns_")
    assert secret not in said.err
    assert not any(secret.encode() in file.read_bytes() for file in Path().iterdir() if file.is_file())
    listed = cli("token", "list", "--json").data
    assert {(one["name"], one["role"], one["database"]) for one in listed} == {
        ("anna", "operate", "campaigns.db"), ("anna", "operate", "campaigns-simulated.db"),
    }  # fmt: skip
    assert secret not in cli("token", "list").out


def test_a_token_is_added_once_and_revoked_once(cli):
    assert cli("token", "add", "anna", "--json").data["role"] == "read"
    again = cli("token", "add", "anna")
    assert (again.code, "There is a token 'anna' already" in again.err) == (2, True)
    assert cli("token", "revoke", "anna", "--json").data == {"revoked": "anna"}
    gone = cli("token", "revoke", "anna")
    assert (gone.code, "There is no token 'anna'" in gone.err) == (2, True)
    assert (
        cli("token", "list").out
        == "Nobody may come in yet: `campaigns token add NAME --role operate` lets somebody in.\n"
    )


def test_a_role_that_there_is_not_lets_nobody_in(cli):
    said = cli("token", "add", "anna", "--role", "king")
    assert (said.code, "admin" in said.err) == (2, True)
