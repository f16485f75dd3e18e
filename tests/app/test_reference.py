"""The page that describes the API says what OpenAPI says."""

import html
import re

import pytest

from app.reference import Reference, code


@pytest.fixture
def operations(client):
    found = Reference(client.get("/openapi.json").json(), "http://here").operations()
    return {operation.path: operation for operation in found}


def test_every_operation_is_on_the_page(client, operations):
    page = html.unescape(client.get("/docs").text)
    paths = client.get("/openapi.json").json()["paths"]
    assert operations.keys() == paths.keys()
    for operation in operations.values():
        assert f'id="{operation.name}"' in page
        assert operation.command.replace("http://here", str(client.base_url)) in page
        for field in (*operation.fields, *operation.answer):
            assert f"<code>{field.name}</code>" in page


def test_fields_say_what_may_be_sent(operations):
    fields = {field.name: field for field in operations["/api/v1/morph"].fields}
    assert [name for name, field in fields.items() if field.required] == ["friend"]
    assert fields["friend"].values == fields["dog"].values == "a file"
    assert (fields["steps"].values, fields["steps"].default) == ("2 to 64", "11")
    assert fields["seed"].values == "0 or more, or null"
    assert fields["whole_photo"].default == "false"
    assert "`spherical`" in fields["walk"].values


def test_answers_say_what_is_inside(operations):
    models = operations["/api/v1/models"].answer[0]
    assert "alignment" in [field.name for field in models.inside]
    faces = {field.name: field for field in operations["/api/v1/faces"].answer}
    landmarks = {field.name: field for field in faces["faces"].inside}["landmarks"]
    assert next(field for field in landmarks.inside if field.name == "nose").values == (
        "2 numbers, or null"
    )


def test_commands_send_what_must_be_sent(operations):
    commands = {path: operation.command for path, operation in operations.items()}
    assert commands["/api/v1/models"] == "curl http://here/api/v1/models"
    morph = "curl -F friend=@friend.jpg -F dog=@dog.jpg http://here/api/v1/morph -o morph.png"
    assert commands["/api/v1/morph"] == morph
    assert commands["/api/v1/faces"] == "curl -F photo=@photo.jpg http://here/api/v1/faces"
    assert re.match(r"curl --json '\{.*\}' http://here", commands["/api/v1/decode"])


def test_only_backticks_become_code():
    assert code("`a` <b> `c`") == "<code>a</code> &lt;b&gt; <code>c</code>"
