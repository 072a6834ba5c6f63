from collections import Counter

from reslab.data.imagenet import COUNT, names_by_synset, readable, synset


def test_a_thousand_classes_in_the_order_of_their_synsets():
    numbers, names = list(names_by_synset()), list(names_by_synset().values())
    assert len(numbers) == COUNT and numbers == sorted(numbers) and len(set(names)) == COUNT
    assert (names[0], names[517], names[-1]) == ("tench", "crane (machine)", "toilet tissue")


def test_no_class_is_called_by_a_word_that_is_also_anothers():
    """In any case: some systems keep capitals, some do not."""
    names = list(names_by_synset().values())
    words = Counter(name.partition(" (")[0].casefold() for name in names)
    assert {word for word, count in words.items() if count > 1} == {"crane", "cardigan", "maillot"}
    assert not {"crane", "cardigan", "maillot"} & {name.casefold() for name in names}
    assert (names[134], names[264], names[474]) == ("crane (bird)", "Cardigan (dog)", "cardigan (sweater)")
    assert synset("crane (bird)") == "n02012849" and synset("crane") == synset("n02012849") == ""


def test_names_are_those_of_photographs_that_were_published_by_them(real_data):
    """Every fifth class's, "n01496331_electric_ray.JPEG"."""
    called = [path.stem.partition("_") for path in sorted((real_data / "imagenet-samples-200").iterdir())]
    numbers, names = list(names_by_synset()), names_by_synset()
    assert [number for number, _, _ in called] == numbers[::5]
    told = {number: name.replace("_", " ") for number, _, name in called}
    assert {number: names[number] for number in told} == told


def test_only_the_number_of_a_synset_is_read_as_one():
    assert readable("n01440764") == "tench"
    assert readable("nail") == "nail" and readable("n00000001") == "n00000001" and readable("") == ""
