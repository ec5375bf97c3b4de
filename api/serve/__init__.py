"""The service's processes: web workers, one committer, one worker, and who watches over them."""

from api.serve.processes import committer, worker
from api.serve.supervisor import serve

__all__ = ["committer", "serve", "worker"]
