import pytest

from indexer.syntax.docstring import DocstringStyle, style_of

GOOGLE = """Sum the lines.

    Args:
        rate: The tax.

    Returns:
        The sum.
    """
NUMPY = """Sum the lines.

    Parameters
    ----------
    rate : float
        The tax.
    """
SPHINX = """Sum the lines.

    :param float rate: The tax.
    :rtype: Money
    """
EPYDOC = """Sum the lines.

    @param rate: The tax.
    @return: The sum.
    """
PROSE = """Sum the lines.

    Note: the tax is included.
    Returns nothing of interest:: and a literal block.

    Example:
        total()
    """


@pytest.mark.parametrize(
    ("docstring", "style"),
    [
        (GOOGLE, DocstringStyle.GOOGLE),
        ("Sum.\n\nRaises:\n  ValueError: none.", DocstringStyle.GOOGLE),
        ("Sum.\n\nReturns: the sum", DocstringStyle.GOOGLE),
        (NUMPY, DocstringStyle.NUMPY),
        ("Sum.\r\n\r\nReturns\r\n-------\r\nMoney".replace("\r", ""), DocstringStyle.NUMPY),
        (SPHINX, DocstringStyle.SPHINX),
        (":raises ValueError: always", DocstringStyle.SPHINX),
        (EPYDOC, DocstringStyle.EPYDOC),
        (PROSE, DocstringStyle.PLAIN),
        ("Sum the lines.", DocstringStyle.PLAIN),
        ("Title\n-----\n\nText.", DocstringStyle.PLAIN),
        ("A list of Args:\nnone of them is indented.", DocstringStyle.PLAIN),
        ("", DocstringStyle.PLAIN),
    ],
)
def test_the_sections_tell_the_style(docstring: str, style: DocstringStyle) -> None:
    assert style_of(docstring) is style


def test_of_two_styles_the_more_frequent_counts() -> None:
    assert style_of(SPHINX + "\nReturns\n-------\nMoney") is DocstringStyle.SPHINX
