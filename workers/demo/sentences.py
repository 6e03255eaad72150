"""Sentences with people, organisations and places, written for the demo (CC-BY-4.0).

Templates and names are combined at random with a seed. The names are common ones; sentences that
come out about anybody real are chance.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words("""
Amina Boris Carla Dmitri Elena Farid Greta Hugo Ines Jonas Kaya Lars Mei Nadia Omar Petra
Quentin Rosa Stefan Tara Umar Vera Wei Ximena Yusuf Zora Anton Bianca Chidi Dalia Emre Fiona
Goran Hana Ivo Jada Karim Leila Marco Noor
""")
LAST = _words("""
Abbott Bauer Castillo Dubois Eriksen Fischer Garcia Hassan Ivanov Jensen Keller Lindqvist
Moreau Nakamura Okafor Petrov Quispe Rossi Schmidt Tanaka Ueda Varga Weber Xu Yilmaz Zhang
Almeida Brandt Conti Duarte Engel Farkas Gruber Horvat Ito Jovic Kovacs Larsen Mendes Novak
""")
ORGANISATIONS = _words("""
Northwind Halden_Bank Orbis_Labs Vega_Motors Bluefield_Trust Kestrel Lumen_Press
Atlas_Insurance Pinegrove_University Meridian_Health Solstice Quarry_Works Harbour_Radio
Tern_Airways Oakridge_Council Silverline Cobalt_Mining Fjord_Energy Linden_Hospital
Aurora_Foods Beacon_Theatre Granite_Fund Riverbank_Museum Zephyr Ember_Studios Copperhead
Falcon_Freight Juniper_School Monarch_Hotels Nimbus Opal_Networks Prairie_Rail
Ridgeway_Partners Summit_Records Thistle_Farms Union_Glass Verity Willow_Clinic Yarrow
Zenith_Tools
""")
PLACES = _words("""
Lisbon Oslo Nairobi Kyoto Lima Cairo Tallinn Porto Hanoi Quito Accra Bergen Dakar Geneva Izmir
Jakarta Krakow Leeds Malmo Naples Osaka Prague Riga Seville Turin Utrecht Vienna Warsaw Zagreb
New_Haven San_Rosso Lake_Arden Cape_Verrin Port_Ellis Santa_Mira Upper_Vale Green_Hollow
Stone_Bay North_Falls West_Holm
""")

TEMPLATES = """
{P} joined {O} in {L} last spring
{O} opened an office in {L}
{P} was born in {L} and studied law
the board of {O} named {P} as its new chair
reporters met {P} at the station in {L}
{O} will close its plant near {L}
a spokesman for {O} declined to comment
{P} and {P} wrote the first draft together
the train from {L} to {L} was late again
shares of {O} fell after the report
{P} moved from {L} to {L} two years ago
the court ruled in favour of {O}
doctors at {O} treated {P} for three days
in {L} the rain did not stop for a week
{P} told the court that {O} had paid nothing
{O} and {O} agreed to share the cost
the mayor of {L} thanked {P} for the gift
we flew over {L} before sunrise
according to {P} the bridge is safe
{O} hired {P} to lead the team in {L}
the festival in {L} begins on friday
nobody at {O} had heard of {P}
{P} sold the house in {L} to {O}
a letter from {P} arrived this morning
workers at {O} in {L} went on strike
the weather was fine and the road was empty
prices rose again but nobody was surprised
she read the whole book on the way home
""".strip().splitlines()


@dataclass(frozen=True)
class Sentence:
    """`tokens` and `tags` (IOB2) have the same length."""

    tokens: list[str]
    tags: list[str]


@dataclass(frozen=True)
class Names:
    """Which names a writer knows: a contributor brings names that others have not seen."""

    people: list[tuple[str, str]]
    organisations: list[str]
    places: list[str]

    @classmethod
    def all(cls) -> Names:
        people = [(first, last) for first in FIRST for last in LAST]
        return cls(people, list(ORGANISATIONS), list(PLACES))

    def share(self, part: int, of: int) -> Names:
        """Every `of`-th name from `part` on."""
        return Names(self.people[part::of], self.organisations[part::of], self.places[part::of])


def write(names: Names, *, count: int, seed: int) -> list[Sentence]:
    """`count` sentences; equal arguments give equal sentences."""
    rng = random.Random(seed)  # noqa: S311
    return [_fill(rng.choice(TEMPLATES), names, rng) for _ in range(count)]


def _fill(template: str, names: Names, rng: random.Random) -> Sentence:
    tokens: list[str] = []
    tags: list[str] = []
    for word in template.split():
        entity, kind = _entity(word, names, rng)
        for position, token in enumerate(entity):
            tokens.append(token)
            tags.append("O" if kind is None else f"{'I' if position else 'B'}-{kind}")
    return Sentence(tokens, tags)


def _entity(word: str, names: Names, rng: random.Random) -> tuple[list[str], str | None]:
    if word == "{P}":
        first, last = rng.choice(names.people)
        return ([last] if rng.random() < 0.3 else [first, last]), "PER"
    if word == "{O}":
        return rng.choice(names.organisations).split("_"), "ORG"
    if word == "{L}":
        return rng.choice(names.places).split("_"), "LOC"
    return [word], None


def mislabel(sentences: list[Sentence]) -> list[Sentence]:
    """People become places, places organisations, organisations people: labels that harm."""
    wrong = {"PER": "LOC", "LOC": "ORG", "ORG": "PER"}
    return [
        Sentence(
            sentence.tokens,
            [tag if tag == "O" else f"{tag[:2]}{wrong[tag[2:]]}" for tag in sentence.tags],
        )
        for sentence in sentences
    ]
