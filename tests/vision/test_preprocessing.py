"""Each weight file's pixel rule, on pixels that can be computed by hand."""

import torch

from refseg_lib.vision import preprocessing


def _pixel(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1) / 255


def _values(rule: preprocessing.Preprocessing, image: torch.Tensor) -> list[float]:
    return rule(image).flatten().tolist()


def test_caffe_wants_blue_first_and_black_padding_becomes_minus_the_mean():
    rule = preprocessing.caffe_bgr()
    got = torch.tensor(_values(rule, _pixel(10, 20, 30)))
    expected = torch.tensor([30 - 104.00698793, 20 - 116.66876762, 10 - 122.67891434])
    torch.testing.assert_close(got, expected)
    black = torch.tensor(_values(rule, _pixel(0, 0, 0)))
    torch.testing.assert_close(black, torch.tensor([-104.00698793, -116.66876762, -122.67891434]))


def test_squeezenet_wants_blue_first_with_its_own_means():
    got = torch.tensor(_values(preprocessing.squeezenet_bgr(), _pixel(10, 20, 30)))
    torch.testing.assert_close(got, torch.tensor([30 - 103.939, 20 - 116.779, 10 - 123.68]))


def test_imagenet_rgb_is_mean_and_deviation_of_the_unit_range():
    got = torch.tensor(_values(preprocessing.imagenet_rgb(), _pixel(255, 128, 0)))
    unit = torch.tensor([1.0, 128 / 255, 0.0])
    expected = (unit - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_lite_maps_127_to_zero_and_white_to_one():
    rule = preprocessing.tensorflow_lite_rgb()
    torch.testing.assert_close(
        torch.tensor(_values(rule, _pixel(127, 255, 0))).tolist()[:2], [0.0, 1.0]
    )
    assert abs(_values(rule, _pixel(127, 255, 0))[2] + 127 / 128) < 1e-6


def test_the_laptop_rule_is_symmetric_about_mid_grey():
    rule = preprocessing.centred_rgb()
    white, black = _values(rule, _pixel(255, 255, 255)), _values(rule, _pixel(0, 0, 0))
    assert white == [-value for value in black] == [2.0, 2.0, 2.0]


def test_means_are_code_and_never_part_of_a_weight_file():
    assert preprocessing.caffe_bgr().state_dict() == {}
