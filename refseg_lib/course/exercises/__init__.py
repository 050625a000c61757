"""One exercise per module, each as ``EXERCISE``; see :mod:`refseg_lib.course.exercise`."""
