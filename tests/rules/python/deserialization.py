import yaml
from yaml import load as read_yaml


def configured(stream):
    # ruleid: python.deserialization.unsafe-yaml-load
    first = yaml.load(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    second = yaml.load(stream, Loader=yaml.Loader)
    # ruleid: python.deserialization.unsafe-yaml-load
    third = read_yaml(stream)
    # ruleid: python.deserialization.unsafe-yaml-load
    fourth = yaml.unsafe_load(stream)
    # ok: python.deserialization.unsafe-yaml-load
    fifth = yaml.safe_load(stream)
    # ok: python.deserialization.unsafe-yaml-load
    sixth = yaml.load(stream, Loader=yaml.SafeLoader)
    # ok: python.deserialization.unsafe-yaml-load
    seventh = yaml.load(stream, yaml.CSafeLoader)
    return first, second, third, fourth, fifth, sixth, seventh
