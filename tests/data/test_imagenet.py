from reslab.data.imagenet import COUNT, names_by_synset, readable


def test_a_thousand_classes_in_the_order_of_their_synsets():
    numbers, names = list(names_by_synset()), list(names_by_synset().values())
    assert len(numbers) == COUNT and numbers == sorted(numbers) and len(set(names)) == COUNT
    assert (names[0], names[517], names[639], names[-1]) == ("tench", "crane (machine)", "tank suit", "toilet tissue")


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
