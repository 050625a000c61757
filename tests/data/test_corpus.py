from types import SimpleNamespace

from refseg_lib.data.corpus import count_tokens, token_lists


class Sentences(list):
    language = "en"


def dataset(language: str, *sentences: str) -> Sentences:
    made = Sentences(SimpleNamespace(sentence=sentence) for sentence in sentences)
    made.language = language
    return made


def test_every_sentence_is_cut_by_the_rule_of_its_language() -> None:
    assert token_lists(dataset("en", "The left dog.", "")) == [["the", "left", "dog"], ["<unk>"]]  # type: ignore
    assert token_lists(dataset("zh", "左边的狗")) == [["左边", "的", "狗"]]  # type: ignore


def test_long_sentences_are_cut_where_the_model_cuts_them() -> None:
    assert token_lists(dataset("en", "a b c d"), max_length=2) == [["a", "b"]]  # type: ignore


def test_tokens_are_counted_over_all_sentences() -> None:
    assert count_tokens([["a", "b"], ["a"]]) == {"a": 2, "b": 1}
