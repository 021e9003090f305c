"""`transformers.Trainer` with what it lacks.

An order of the data that the number of processes does not change, learning rates by layer, R-Drop, and teachers.
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, Trainer, TrainerCallback
from transformers.trainer_pt_utils import DistributedLengthGroupedSampler

from train.config import Distill, Optimisation

_LAYER = re.compile(r"(?:^|\.)layers?\.(\d+)\.")


def layer_depth(name: str, layers: int) -> int:
    """How many layers deep an encoder's parameter lies: 1 in the last layer, `layers` + 1 in the embeddings."""
    layer = _LAYER.search(name)
    if layer:
        return layers - int(layer.group(1))
    return layers + 1 if "embed" in name else 1


def layer_groups(
    model: nn.Module,
    encoder: PreTrainedModel,
    learning_rate: float,
    decay: float,
    decayed: set[str],
    weight_decay: float,
) -> list[dict[str, Any]]:
    """Parameter groups of an optimiser: each layer learns at `decay` of the rate of the one above (ELECTRA's recipe).

    What stands on the encoder learns at `learning_rate`.

    Args:
        model: all parameters, those of `encoder` under the prefix `encoder.`.
        encoder: its configuration tells the number of layers.
        learning_rate: of the topmost parameters.
        decay: a layer's rate over that of the layer above it.
        decayed: names of the parameters that weight decay is for.
        weight_decay: of these.
    """
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            below = name.removeprefix("encoder.")
            depth = layer_depth(below, encoder.config.num_hidden_layers) if below != name else 0
            groups.setdefault((depth, name in decayed), []).append(parameter)
    return [
        {"params": p, "lr": learning_rate * decay**depth, "weight_decay": weight_decay if is_decayed else 0.0}
        for (depth, is_decayed), p in sorted(groups.items(), key=lambda group: group[0])
    ]


def teaching_loss(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Cross-entropy with the teachers (Hinton et al. 2015), the mean of the rows, in nats at `temperature` 1.

    Args:
        logits: of the learner, (rows, 4).
        teacher: what each row weighs times the teachers' probabilities at `temperature`, (rows, 4).
        temperature: what the logits are divided by; its square keeps the size of the gradients.
    """
    return temperature**2 * functional.cross_entropy(logits.float() / temperature, teacher)


class _Epochs(TrainerCallback):
    """Tells the sampler and the data which epoch begins: of a resumed run's, accelerate's wrappers tell neither."""

    def __init__(self, *listeners: Any) -> None:
        self._listeners = [listener for listener in listeners if hasattr(listener, "set_epoch")]

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        for listener in self._listeners:
            listener.set_epoch(int(state.epoch or 0))


class ClassifierTrainer(Trainer):
    """The Trainer, with the options of `Optimisation` and `Distill` that it does not have itself."""

    def __init__(self, optimisation: Optimisation, distill: Distill, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._optimisation = optimisation
        self._distill = distill
        # Else the loss is multiplied by accumulation steps and processes (huggingface/transformers#47688).
        self.model_accepts_loss_kwargs = False
        lengths = [len(example["input_ids"]) for example in self.train_dataset]
        # One order for all: by whole batches, from seed and epoch alone; accelerate hands out its parts.
        self._order = DistributedLengthGroupedSampler(
            optimisation.batch_size, lengths=lengths, num_replicas=1, rank=0, seed=self.args.seed
        )
        self.add_callback(_Epochs(self._order, self.train_dataset))

    def _get_train_sampler(self, train_dataset: Any = None) -> DistributedLengthGroupedSampler:
        return self._order

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The Trainer's optimiser, its rates by layer with `layer_decay`."""
        o = self._optimisation
        if self.optimizer is None and o.layer_decay != 1:
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            decayed = set(self.get_decay_parameter_names(self.model))
            groups = layer_groups(
                self.model, self.model.encoder, o.learning_rate, o.layer_decay, decayed, o.weight_decay
            )
            self.optimizer = kind(groups, **options)
        return super().create_optimizer(model)

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **_: Any) -> Any:
        """The model's loss, and what R-Drop and the teachers add to it in training."""
        rows = len(inputs["labels"])
        twice = self._optimisation.r_drop > 0 and model.training
        if twice:
            inputs = {name: torch.cat((tensor, tensor)) for name, tensor in inputs.items()}
        teacher = inputs.pop("teacher", None)
        outputs = model(**inputs)
        loss = outputs["loss"]
        if teacher is not None:
            loss = loss + teaching_loss(outputs["logits"], teacher, self._distill.temperature)
        if twice:  # Liang et al. 2021
            first, second = outputs["logits"].float().log_softmax(-1).split(rows)
            apart = functional.kl_div(first, second, log_target=True, reduction="batchmean") + functional.kl_div(
                second, first, log_target=True, reduction="batchmean"
            )
            loss = loss + self._optimisation.r_drop * apart / 2
        return (loss, outputs) if return_outputs else loss
