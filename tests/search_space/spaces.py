"""Random opened configs, and a count of genotypes that owes nothing to the code under test."""

import json
from decimal import Decimal

import hypothesis.strategies as st
from omegaconf import OmegaConf

from nas_hydra.search_space import Categorical, Hooks, Integer, SearchSpace

PARTS = {"model": ("search_space", "model"), "optimizer": ("optimizer",)}


def space_of(search_space, **parts):
    """A space from the text or the mapping of ``search_space``; the other parts as mappings."""
    inside = search_space
    if isinstance(search_space, str):
        inside = OmegaConf.to_container(OmegaConf.create(search_space))
    config = OmegaConf.create({"search_space": inside, "optimizer": {}, **parts})
    known = {name: (name,) for name in ("scheduler", "trainer", "dataset") if name in parts}
    return SearchSpace(config, {**PARTS, **known})


def model_of(text):
    """A space whose model is the text."""
    return space_of({"model": OmegaConf.to_container(OmegaConf.create(text))})


def values(gene):
    """Every decision of a gene that is not continuous."""
    if isinstance(gene, Categorical):
        return list(gene.labels)
    low, high = Decimal(repr(gene.low)), Decimal(repr(gene.high))
    if isinstance(gene, Integer):
        return [n for n in range(gene.low, gene.high + 1) if (n - gene.low) % gene.step == 0]
    if gene.step is None:
        return [gene.low]
    step, found = Decimal(repr(gene.step)), []
    while low <= high:
        found.append(float(low))
        low += step
    return found


def every_genotype(space):
    """All genotypes, by counting through the decisions like an odometer."""
    turned = []
    while True:
        wheels = []

        def decide(gene, wheels=wheels, turned=turned):
            possible = values(gene)
            position = turned[len(wheels)] if len(wheels) < len(turned) else 0
            wheels.append((position, len(possible)))
            return possible[position]

        yield space.walk(decide)
        while wheels and wheels[-1][0] + 1 == wheels[-1][1]:
            wheels.pop()
        if not wheels:
            return
        turned = [position for position, _ in wheels]
        turned[-1] += 1


def strict(value):
    """A text that is equal for equal configs only; 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


class _Draw:
    """Draws the pieces of one opened config."""

    def __init__(self, draw, finite):
        self.draw, self.finite, self.named = draw, finite, 0
        self.shared = {}

    def one_of(self, *options):
        return self.draw(st.sampled_from(options))

    def number(self, low=-9, high=9):
        return self.draw(st.integers(low, high))

    def name(self, node):
        if self.draw(st.booleans()):
            self.named += 1
            node["_name_"] = f"gene{self.named}"
        return node

    def scalar(self):
        return self.one_of(None, True, 0, 1.0, 2, -0.5, "text", "7")

    def integer(self, low=-3):
        log = self.draw(st.booleans())
        first = self.number(1, 3) if log else self.number(low, 2)
        node = {"low": first, "high": first + self.number(0, 3)}
        if log:
            node["log"] = True
        elif self.draw(st.booleans()):
            node["step"] = self.number(1, 2)
        return self.name({"_int_": node})

    def real(self):
        first = self.one_of(0.1, 1, 1e-3)
        node = {"low": first, "high": first + self.one_of(0, 0.5, 2)}
        kind = self.one_of("step") if self.finite else self.one_of("step", "log", "plain")
        if kind == "step":
            node["step"] = self.one_of(0.3, 0.7, 1)
        elif kind == "log":
            node["log"] = True
        return self.name({"_float_": node})

    def scalar_choice(self):
        options = self.draw(
            st.lists(
                st.sampled_from([16, 32, 0.5, "relu", None]), min_size=1, max_size=3, unique=True
            )
        )
        return self.name({"_choice_": options})

    def config_choice(self, depth):
        options = [{"tag": i, "n": self.leaf(), "more": self.config(depth)} for i in range(2)]
        if self.draw(st.booleans()):
            return self.name({"_choice_": {f"option{i}": o for i, o in enumerate(options)}})
        return self.name({"_choice_": [*options, "none"]})

    def leaf(self):
        kind = self.one_of("scalar", "integer", "real", "choice", "reference", "expression")
        if kind == "reference" and self.shared:
            return self.reference()
        if kind == "expression" and self.shared:
            return f"{self.reference()} of {self.reference()}"
        makers = {"integer": self.integer, "real": self.real, "choice": self.scalar_choice}
        return makers.get(kind, self.scalar)()

    def reference(self):
        name = self.one_of(*self.shared)
        rest = self.one_of(*self.shared[name])
        return f"${{search_space.{name}{rest}}}"

    def count(self):
        kind = self.one_of("constant", "open", "choice", "reference")
        counts = [name for name in self.shared if name.startswith("count")]
        if kind == "reference" and counts:
            return f"${{search_space.{self.one_of(*counts)}}}"
        if kind == "open":
            first = self.number(0, 1)
            return self.name({"_int_": {"low": first, "high": first + self.number(0, 2)}})
        return self.name({"_choice_": [0, 2]}) if kind == "choice" else self.number(0, 2)

    def repeat(self, depth):
        node = {"_repeat_": self.count(), "_block_": self.one_of(self.config, self.block)(depth)}
        if self.draw(st.booleans()):
            node["_share_"] = self.draw(st.booleans())
        return node

    def table(self, depth):
        table = {key: self.config(depth) for key in "abc"[: self.number(1, 3)]}
        if self.draw(st.booleans()):
            table["same"] = "${.a}"
        return table

    def block(self, depth):
        """A table that refers to itself, and may repeat within."""
        block = {"a": self.one_of(self.leaf, self.integer)(), "b": "${.a}"}
        if depth:
            block["c"] = [self.repeat(depth - 1)]
            block["d"] = {"e": "${..a}", "f": self.one_of("${..c}", "${..a}x${..b}", 3)}
        return block

    def items(self, depth):
        makers = [self.one_of(self.repeat, self.config) for _ in range(self.number(1, 2))]
        return [make(depth) for make in makers]

    def config(self, depth):
        if depth == 0:
            return self.leaf()
        kind = self.one_of("leaf", "table", "items", "choice")
        if kind == "leaf":
            return self.leaf()
        makers = {"table": self.table, "items": self.items, "choice": self.config_choice}
        return makers[kind](depth - 1)


@st.composite
def opened_configs(draw, finite=False, depth=3):
    """A composed config with any of the node types, nested and referring to one another."""
    make = _Draw(draw, finite)
    top = {}
    for name in draw(st.lists(st.sampled_from(["width", "count", "preset", "table"]), unique=True)):
        if name == "preset":
            top[name] = {
                "_choice_": [
                    {"n": make.leaf(), "m": {"k": make.leaf()}},
                    {"n": "one", "m": {"k": "two"}},
                ]
            }
            make.shared[name] = ("", ".n", ".m", ".m.k")
        elif name == "table":
            top[name] = {"x": make.integer(), "y": {"z": make.leaf(), "w": "${..x}"}}
            make.shared[name] = ("", ".x", ".y", ".y.w")
        else:
            top[name] = make.count() if name == "count" else make.scalar_choice()
            make.shared[name] = ("",)
    body = {"table": "${search_space.table}"} if "table" in top else {}
    config = {
        "search_space": {"model": {**body, "body": [make.repeat(depth - 1)], **make.table(depth)}},
        "optimizer": {"lr": make.leaf(), "width": make.leaf()},
        "seed": 1,
    }
    for name in reversed(top):
        if f"search_space.{name}" in strict(config):
            config["search_space"][name] = top[name]
    return OmegaConf.create(config)


def spaces(finite=False, depth=3):
    """Random spaces."""
    return opened_configs(finite, depth).map(lambda config: SearchSpace(config, PARTS))


def accepts(closed):
    """Two of three candidates, whatever they look like."""
    return sum(map(ord, strict(closed))) % 3 != 0


def constrained_spaces(finite=False, depth=3):
    """Random spaces whose one constraint reads all of the model; it takes what ``accepts`` does."""

    def judge(closed, constraints):
        assert constraints == [{"seen": closed["model"]}]
        return accepts(closed)

    def constrain(config):
        config.search_space.constraints = [{"seen": "${search_space.model}"}]
        return SearchSpace(config, PARTS, Hooks(feasible=judge))

    return opened_configs(finite, depth).map(constrain)
