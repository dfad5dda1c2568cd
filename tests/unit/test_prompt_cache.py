from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.models.prompt_cache import PromptMemory, SliceSize

_tokens = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(st.lists(_tokens, max_size=5), _tokens)
def test_known_is_the_longest_common_beginning_in_whole_blocks(prompts, tokens):
    memory = PromptMemory(block=4)
    for prompt in prompts:
        memory.remember(prompt)

    def common(prompt):
        pairs = zip(prompt, tokens, strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(tokens)))

    longest = max(map(common, prompts), default=0)
    assert memory.known(tokens) == min(longest, len(tokens) - 1) // 4 * 4


def test_old_prompts_are_forgotten():
    memory = PromptMemory(block=1, n_prompts=1)
    memory.remember([1, 2, 3])
    memory.remember([4, 5, 6])
    assert memory.known([1, 2, 3, 4]) == 0
    assert memory.known([4, 5, 6, 7]) == 3


@given(st.lists(st.tuples(st.integers(1, 4_000), st.floats(0, 100)), max_size=30))
def test_a_slice_is_always_whole_blocks_within_bounds(measurements):
    size = SliceSize()
    for n_tokens, seconds in measurements:
        size.learn(n_tokens, seconds)
        assert 64 <= size.tokens <= 256
        assert size.tokens % 32 == 0


def test_a_fast_machine_gets_larger_slices_and_a_slow_one_smaller():
    size = SliceSize(target_s=0.2)
    for _ in range(5):
        size.learn(size.tokens, size.tokens / 1_000)
    assert size.tokens == 192
    for _ in range(5):
        size.learn(size.tokens, size.tokens / 100)
    assert size.tokens == 64
