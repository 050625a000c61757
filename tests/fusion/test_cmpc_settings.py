"""The settings of CMPC: what is on unless somebody asks for less."""

from refseg_lib.fusion.cmpc_settings import CMPCSettings


def test_by_default_nothing_of_the_printed_module_is_left_out():
    settings = CMPCSettings()
    assert settings.entity
    assert settings.layers == 1
    assert (settings.heads, settings.concat, settings.spatial) == (5, "paper", "once")
    assert not settings.side_heads
