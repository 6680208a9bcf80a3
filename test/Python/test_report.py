"""What there is to say of layers before, and after, they are compiled."""

import xml.dom.minidom

import eqc
import pytest

NETWORK = """
space p = S(?)
layer each { k = p; l = p; channels = 1 -> 2; bias = true }
network net {
  input x : p, 1
  output y = relu(each(x))
}
"""


@pytest.fixture(scope="module")
def layer():
    return eqc.Layer(group="S", n=4, k=2, l=1, channels=(2, 3), bias=True, grad=False)


def test_explain_is_text_and_facts(layer):
    explanation = layer.explain()
    assert str(explanation) == repr(explanation) == explanation.text
    assert "layer layer: order 2 -> 1, channels 2 -> 3" in explanation.text
    found, = explanation.facts["layers"]
    assert [entry["diagram"] for entry in found["diagrams"]] == list(layer.diagrams)
    assert [entry["diagram"] for entry in found["bias_diagrams"]] == list(layer.bias_diagrams)
    assert found["plan"] == layer.plan
    assert "gradient_of_x" not in found["kernels"]  # as it was compiled


def test_pictures_are_svg(layer, tmp_path):
    picture = layer.draw()
    assert picture._repr_svg_() == picture.svg
    xml.dom.minidom.parseString(picture.svg)
    assert picture.svg.count('class="cell"') == 5 + 1
    plan = layer.draw(plan=True)
    assert f"plan {layer.plan}" in plan.svg and plan.svg != picture.svg
    plan.save(tmp_path / "plan.svg")
    assert (tmp_path / "plan.svg").read_text() == plan.svg


def test_programs_and_networks_too():
    program = eqc.compile(NETWORK)
    network = program.network("net")
    for of in program, network:
        assert of.explain().facts["networks"][0]["parameters"] == network.size
        assert "network net" in of.draw().svg
    assert program["each"].explain().facts["networks"] == []


def test_supported_layers():
    answer = eqc.supported(group="S", n=20, k=2, l=2, channels=(16, 16), batch=128, cpu="x86-64-v3")
    assert answer and answer.batch == 128 and answer.n == 20 and answer.why == ""
    assert answer.plan == eqc.Layer(group="S", n=20, k=2, l=2, channels=(16, 16), batch=128,
                                    cpu="x86-64-v3").plan
    assert answer.call_ns > 1000 and answer.machine and "us a call of 128 samples" in repr(answer)
    assert answer.least_bytes == 128 * (20 * 20 * 32 * 4) + 15 * 256 * 4
    assert answer.explanation.facts["layers"][0]["plan"] == answer.plan
    # In the order of how much there is to do.
    larger = eqc.supported(group="S", n=40, k=2, l=2, channels=(16, 16), batch=128, cpu="x86-64-v3")
    assert larger.call_ns > answer.call_ns and larger.flops > answer.flops
    assert eqc.supported("layer a { group = O; n = ?; k = 1; l = 1 }").n == 32
    # Where the group has a bias, as layers take it.
    assert eqc.supported(group="O", n=3, k=1, l=1, bias=None)
    # Of two inputs there are no predictions yet.
    two = eqc.supported("layer a { group = O; n = 3; k = 1 * 1; l = 2; channels = 2 * 2 -> 2 }")
    assert two and two.call_ns is None and two.plan == "shared"


@pytest.mark.parametrize("fields, why", [
    (dict(group="SO", n=3, k=70, l=70), ""),
    (dict(group="Sp", n=3, k=1, l=1), "needs n to be even, found 3"),
    (dict(group="X", n=3, k=1, l=1), "X"),
    (dict(group="S", n=7, k=6, l=6), "diagrams"),
])
def test_layers_that_there_are_not(fields, why):
    answer = eqc.supported(**fields)
    assert not answer and why in answer.why and answer.why
    assert answer.diagnostics[0].message == answer.why
    assert repr(answer) == f"<not supported: {answer.why}>"
    with pytest.raises(eqc.CompileError):
        eqc.Layer(**fields)


def test_arguments_that_cannot_be_written():
    with pytest.raises(TypeError, match="fields"):
        eqc.supported("layer a { group = S; n = 3; k = 1; l = 1 }", n=3)
    with pytest.raises(TypeError):
        eqc.supported(group=3, n=3, k=1, l=1)
    with pytest.raises(TypeError, match="l is missing; expected the order of the output"):
        eqc.supported(group="S", n=3, k=1)
    with pytest.raises(ValueError, match="optimize"):
        eqc.supported(group="S", n=3, k=1, l=1, optimize=7)
