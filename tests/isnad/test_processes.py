"""One Classifier shared by threads, and carried into forked processes."""

import multiprocessing
import os
import threading

import pytest

from isnad import Classifier

ARTICLES = [f"عقد المجلس جلسته رقم {n}. وقال رئيسه: «لن نتراجع». ونفت الوزارة علمها بالأمر." for n in range(5)]


def test_many_threads_get_the_answers_of_one(tiny_artifact):
    expected = [Classifier(tiny_artifact).annotate(article) for article in ARTICLES]
    shared = Classifier(tiny_artifact)  # not loaded yet: the first calls race for it
    start, wrong = threading.Barrier(64), []

    def work(first):
        start.wait()
        for call in range(5):
            which = (first + call) % len(ARTICLES)
            if shared.annotate(ARTICLES[which]) != expected[which]:
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def in_child(function):
    """What `function` returns in a forked process, or None if it does not end in a minute."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(function()))
    child.start()
    answer = receiver.recv() if receiver.poll(60) else None
    child.kill()
    child.join()
    return answer


@needs_fork
@pytest.mark.parametrize("parallel", ["true", "false"])
def test_a_forked_process_gets_the_same_answers(tiny_artifact, monkeypatch, parallel):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", parallel)
    classifier = Classifier(tiny_artifact, threads=2)
    classifier.classify(ARTICLES * 40)  # so many that the tokenizer starts threads, if it may
    expected = classifier.annotate(ARTICLES[0])
    assert in_child(lambda: classifier.annotate(ARTICLES[0])) == expected
    assert classifier.annotate(ARTICLES[0]) == expected  # nor has the parent lost its own


@needs_fork
def test_a_forked_process_loads_a_model_of_its_own(tiny_artifact):
    classifier = Classifier(tiny_artifact)
    inherited = classifier._model()
    assert in_child(lambda: classifier._model() is inherited) is False
    assert classifier._model() is inherited


@needs_fork
def test_a_process_forked_while_another_thread_loads_is_not_stuck(tiny_artifact):
    classifier = Classifier(tiny_artifact)
    with classifier._lock:  # as a thread would hold it that the child does not have
        answer = in_child(lambda: len(classifier.annotate(ARTICLES[0])))
    assert answer == 3
