from random import Random

SUBJECTS = [
    "Linear Algebra", "Organic Chemistry", "Renaissance Painting", "Bread Baking", "Distributed Systems",
    "Music Theory", "Contract Law", "Astronomy", "Creative Writing", "Bookkeeping", "Woodworking", "Statistics",
    "Marine Biology", "Game Design", "Public Speaking", "Urban Planning",
]  # fmt: skip
ANGLES = ["Introduction to", "A Field Guide to", "Advanced", "The History of", "Practical", "Rethinking", "Hands-on"]
FIRST_NAMES = ["Amina", "Björn", "Chidi", "Dolores", "Elif", "Farid", "Grace", "Hiroshi", "Ines", "Jürgen", "Kavya"]
LAST_NAMES = ["Adeyemi", "Brontë", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Hoang", "Ito", "O'Neill"]
WORDS = [
    "we", "begin", "with", "small", "examples", "and", "build", "towards", "the", "ideas", "that", "connect", "them",
    "each", "week", "has", "a", "reading", "short", "film", "an", "exercise", "you", "hand", "in", "bring", "patience",
    "curiosity", "paper", "nothing", "else", "is", "needed", "at", "end", "can", "explain", "what", "happens", "why",
]  # fmt: skip


def title(dice: Random) -> str:
    return f"{dice.choice(ANGLES)} {dice.choice(SUBJECTS)}"


def name(dice: Random) -> str:
    return f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"


def sentences(dice: Random, count: int) -> str:
    return " ".join(" ".join(dice.choices(WORDS, k=dice.randint(5, 14))).capitalize() + "." for _ in range(count))


def essay(dice: Random, characters: int) -> str:
    """Text of exactly `characters` characters, paragraphs included."""
    paragraph = sentences(dice, 12) + "\n\n"
    return (paragraph * (characters // len(paragraph) + 1))[:characters]
