"""Templates: what they yield, what is refused, and that nothing outside the allow-list is ever reached."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.compile.evaluate import Budget
from trainyard.compile.template import render
from trainyard.compile.value import MAX_TEXT, TemplateError

CONTEXT: dict[str, object] = {
    "lr": 0.1,
    "epochs": 3,
    "name": "Ada",
    "flag": True,
    "nothing": None,
    "layers": [32, 64],
    "cfg": {"depth": 4, "a-b": {"c": "deep"}},
    "trap": "{{ name }}",
    "long": "x" * 100_000,
}


def run(source: str) -> object:
    return render(source, CONTEXT, Budget())


VALUES = [
    ("{{ lr }}", 0.1),
    ("{{epochs}}", 3),
    ("{{ layers }}", [32, 64]),
    ("{{ flag }}", True),
    ("{{ nothing }}", None),
    ("x={{ lr }}", "x=0.1"),
    ("{{ flag }} ", "true "),
    ("a {{ layers }} b", "a [32,64] b"),
    ("{{ cfg.depth }}", 4),
    ("{{ cfg['a-b'].c }}", "deep"),
    ("{{ layers[0] }} {{ layers[-1] }}", "32 64"),
    ("{{ epochs * 2 + 1 }}", 7),
    ("{{ 7 // 2 }}", 3),
    ("{{ 7 / 2 }}", 3.5),
    ("{{ 7 % 4 }}", 3),
    ("{{ 2 ** 10 }}", 1024),
    ("{{ -epochs }}", -3),
    ("{{ 'a' ~ 1 ~ true }}", "a1true"),
    ("{{ 'a' + 'b' }}", "ab"),
    ("{{ [1] + [2] }}", [1, 2]),
    ("{{ 1 < 2 < 3 }}", True),
    ("{{ 1 < 2 > 3 }}", False),
    ("{{ 'a' < 'b' }}", True),
    ("{{ name == 'Ada' and not nothing }}", True),
    ("{{ nothing or 'default' }}", "default"),
    ("{{ 32 in layers }}", True),
    ("{{ 'depth' not in cfg }}", False),
    ("{{ 'da' in name }}", True),
    ("{{ 'big' if epochs > 2 else 'small' }}", "big"),
    ("{{ nothing is none }}", True),
    ("{{ nothing is not none }}", False),
    ("{{ nothing | default('x') }}", "x"),
    ("{{ lr | default('x') }}", 0.1),
    ("{{ name | upper }}{{ name | lower }}", "ADAada"),
    ("{{ layers | join('-') }}", "32-64"),
    ("{{ layers | length }}", 2),
    ("{{ '3' | int + 1 }}", 4),
    ("{{ 2.9 | int }}", 2),
    ("{{ '1e-4' | float }}", 1e-4),
    ("{{ 2.567 | round(1) }}", 2.6),
    ("{{ layers | max }}", 64),
    ("{{ cfg | tojson }}", '{"depth":4,"a-b":{"c":"deep"}}'),
    ('{{ "it\'s" | quote }}', "'it'\"'\"'s'"),
    ("{{ 'a b' | replace(' ', '_') }}", "a_b"),
    ("{{ {'a': [1, (2, 3)]} }}", {"a": [1, [2, 3]]}),
    ("{{ trap }}", "{{ name }}"),
    ("x {{ trap }}", "x {{ name }}"),
    ("{{ '{{' }} name }}", "{{ name }}"),
    ("{% raw %}{{ name }}{% endraw %}", "{{ name }}"),
    ("n=${#array[@]} {{ name }}", "n=${#array[@]} Ada"),
    ("{{ name }}\n", "Ada\n"),
    ("plain", "plain"),
]


@pytest.mark.parametrize("source, expected", VALUES, ids=[source for source, _ in VALUES])
def test_templates_yield(source: str, expected: object) -> None:
    seen = run(source)
    assert (type(seen), seen) == (type(expected), expected)


REFUSED = [
    ("{{ nam }}", "there is no `nam` here; did you mean `name`?"),
    ("{{ cfg.dept }}", "there is no field `dept`; did you mean `depth`?"),
    ("{{ name.upper }}", "this value has no field `upper`"),
    ("{{ name.__class__ }}", "this value has no field `__class__`"),
    ("{{ cfg.__class__ }}", "there is no field `__class__`"),
    ("{{ cfg['keys'] }}", "there is no field `keys`"),
    ("{{ layers.append }}", "this value has no field `append`"),
    ("{{ name[0] }}", "a key of a mapping is text"),
    ("{{ layers[5] }}", "the list has no item 5"),
    ("{{ layers[true] }}", "a position in a list"),
    ("{{ name.upper() }}", "calls are not evaluated"),
    ("{{ range(10) }}", "calls are not evaluated"),
    ("{{ cfg if true else f() }}", "calls are not evaluated"),
    ("{{ layers[0:1] }}", "slices are not evaluated"),
    ("{{ layers | sort }}", "there is no filter `sort`"),
    ("{{ layers | map('upper') }}", "there is no filter `map`"),
    ("{{ name | attr('x') }}", "there is no filter `attr`"),
    ("{{ name is callable }}", "there is no test `callable`"),
    ("{{ layers | join(d=',') }}", "no named arguments"),
    ("{{ layers | join('a', 'b') }}", "takes 0 to 1 values"),
    ("{{ nothing | default }}", "takes 1 values"),
    ("{% for x in layers %}{{ x }}{% endfor %}", "statements `{% %}` are not part"),
    ("{% set a = 1 %}", "statements `{% %}` are not part"),
    ("{% include 'a' %}", "statements `{% %}` are not part"),
    ("{# secret #}", "comments `{# #}` are not part"),
    ("{{ a b }}", "not a template"),
    ("{{ name", "not a template"),
    ("{% nonsense %}", "not a template"),
    ("{{ }}", "not a template"),
    ("x {{ nothing }}", "this has no value and cannot be text"),
    ("{{ 1 / 0 }}", "divides by 0"),
    ("{{ 1 % 0 }}", "divides by 0"),
    ("{{ 2 ** 1000 }}", "not a number of 64 bits"),
    ("{{ 9 ** 999999999 }}", "not a number of 64 bits"),
    ("{{ 2 ** 64 }}", "not a number of 64 bits"),
    ("{{ 10.0 ** 999 }}", "not a number of 64 bits"),
    ("{{ (-8) ** 0.5 }}", "not a number of 64 bits"),
    ("{{ 1e308 * 10 }}", "not a number of 64 bits"),
    ("{{ 'a' * 1000000000 }}", "this needs a number"),
    ("{{ [1] * 1000000000 }}", "this needs a number"),
    ("{{ '%s' % name }}", "this needs a number"),
    ("{{ 'a' + 1 }}", "this needs a number"),
    ("{{ true + 1 }}", "this needs a number"),
    ("{{ 'a' < 1 }}", "this needs a number"),
    ("{{ 1 in 2 }}", "`in` looks into"),
    ("{{ 1 if flag }}", "an `if` needs an `else`"),
    ("{{ 'abc' | int }}", "this text is not a number"),
    ("{{ [1, 'a'] | max }}", "these values have no order"),
    ("{{ long ~ long }}", f"longer than {MAX_TEXT}"),
    ("{{ long + long }}", f"longer than {MAX_TEXT}"),
    ("{{ [long, long] | join }}", f"longer than {MAX_TEXT}"),
    ("{{ [long, long] | tojson }}", f"longer than {MAX_TEXT}"),
    ("{{ long | replace('x', 'yy') }}", f"longer than {MAX_TEXT}"),
    ("{{ long }}" * 50, "make too much text"),
    ("{{ " + "9" * 5000 + " }}", "too large"),
    ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested too deep"),
    ("{{ " + "-" * 3000 + "1 }}", "nested too deep"),
    ("{{ 1" + " + 1" * 500 + " }}", "nested too deep"),
    ("{{ name }}\0", "NUL"),
]


@pytest.mark.parametrize("source, message", REFUSED, ids=[source[:40].replace("\0", "") for source, _ in REFUSED])
def test_templates_refuse(source: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        run(source)
    assert message in f"{caught.value.message}; {caught.value.fix}"


def test_a_branch_that_is_not_taken_is_not_evaluated_but_its_names_are_checked() -> None:
    assert run("{{ 1 if flag else 1 / 0 }}") == 1
    with pytest.raises(TemplateError, match="there is no `unknown` here"):
        run("{{ 1 if flag else unknown }}")


def test_a_budget_is_shared_by_all_that_one_compilation_renders() -> None:
    budget = Budget(text=1000)
    render("{{ name }}" * 100, CONTEXT, budget)
    with pytest.raises(TemplateError, match="make too much text"):
        for _ in range(10):
            render("{{ name }}" * 100, CONTEXT, budget)


class Tripwire:
    """A value of a kind that templates never see; any use of its insides trips it."""

    touched = False

    def __getattr__(self, name: str) -> object:
        if not name.startswith("__"):
            Tripwire.touched = True
        raise AttributeError(name)

    def __call__(self) -> None:
        Tripwire.touched = True


ATOMS = st.sampled_from(
    ["trip", "lr", "name", "cfg", "layers", "nothing", "1", "0", "'a'", "true", "2.5", "'__class__'"]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", "in", "and", "or"]), inner
        ).map(" ".join),
        st.tuples(inner, st.sampled_from(["upper", "join", "length", "int", "float", "round", "tojson", "first"])).map(
            "|".join
        ),
        inner.map(lambda x: f"({x})"),
        inner.map(lambda x: f"{x}.x"),
        inner.map(lambda x: f"{x}.__class__.__mro__"),
        inner.map(lambda x: f"{x}[{x}]"),
        inner.map(lambda x: f"{x}()"),
        inner.map(lambda x: f"[{x}, {x}]"),
        inner.map(lambda x: f"-{x}"),
        inner.map(lambda x: f"{x} if {x} else {x}"),
    ),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS)
def test_an_expression_yields_plain_data_or_a_template_error(expression: str) -> None:
    Tripwire.touched = False
    try:
        seen = render("{{ " + expression + " }}", {**CONTEXT, "trip": Tripwire()}, Budget())
    except TemplateError:
        pass
    except TypeError as error:
        assert "JSON serializable" in str(error)
    else:
        assert isinstance(seen, str | int | float | bool | list | dict | None | Tripwire)
    assert not Tripwire.touched


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="{}%#$ab.|()[]'\"0 1+*-~", max_size=60))
def test_any_text_is_rendered_or_refused(text: str) -> None:
    try:
        render("{{ lr }}" + text, CONTEXT, Budget())
    except TemplateError as error:
        assert error.message
