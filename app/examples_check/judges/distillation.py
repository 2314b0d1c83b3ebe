"""Judges of networks that learn from other networks."""

import torch
from torch.nn import functional as F

from app.examples_check.judging import Measure, judges
from app.examples_check.trained import Trained


@judges("distillation")
def distillation(example: Trained) -> list[Measure]:
    """The student that had a teacher, and one that had ten labels of each digit."""
    values = example.test()
    alone = from_few_labels(example)
    student = values["student_accuracy"]
    return [
        Measure(
            "accuracy of the student", student, 0.945, baseline=alone, baseline_is="100 labels"
        ),
        Measure("accuracy above 100 labels", student - alone, 0.03),
        Measure("accuracy of the teacher", values["teacher_accuracy"], 0.97),
    ]


def from_few_labels(example: Trained, each: int = 10, steps: int = 1500) -> float:
    """The test accuracy of a student that only ever saw a few labelled images of each digit."""
    train, test = example.data["train"], example.data["test"]
    torch.manual_seed(example.seed)
    order = torch.randperm(len(train["label"]))
    known = torch.cat([order[train["label"][order] == digit][:each] for digit in range(10)])
    image, label = train["image"][known], train["label"][known]
    student = example.module.Program().student.train()
    adam = torch.optim.Adam(student.parameters(), 0.003)
    for _ in range(steps):
        chosen = torch.randint(len(label), (64,))
        adam.zero_grad()
        F.cross_entropy(student(image[chosen]), label[chosen]).backward()
        adam.step()
    right = student(test["image"]).argmax(1) == test["label"]
    return right.float().mean().item()
