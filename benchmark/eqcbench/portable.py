"""The graph of `eqc compile --emit=linalg` through a compiler that knows
nothing of eqc: what the portable form is worth as it stands."""

from .layer import run_eqc


def iree(layer, x, weight, bias, threads):
    """By IREE for this CPU. Needs no more than `layer.path`."""
    from .peers import Unavailable
    try:
        import iree.compiler
        import iree.runtime as runtime
    except ImportError:
        raise Unavailable("iree-base-compiler and -runtime are not installed")
    graph = run_eqc(layer.eqc, ["compile", layer.path, "--emit=linalg",
                                "--no-grad", "-o", "-"])
    code = iree.compiler.compile_str(
        graph, target_backends=["llvm-cpu"],
        extra_args=["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"])
    config = runtime.Config("local-sync" if threads == 1 else "local-task")
    context = runtime.SystemContext(config=config)
    context.add_vm_module(runtime.VmModule.copy_buffer(context.instance, code))
    function = context.modules.module[layer.name]
    arrays = [x, weight] if bias is None else [x, weight, bias]
    arguments = [runtime.asdevicearray(config.device, array)
                 for array in arrays]
    return (lambda: function(*arguments),
            lambda: function(*arguments).to_host())
