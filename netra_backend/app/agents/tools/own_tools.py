"""The tools every agent of this service may offer: they reach the asker's own and nothing else.

What changes anything is in `changing`, and waits for the asker's yes.
"""

from typing import Final

from netra.agent_api import Tool
from netra_backend.app.agents.tools.calculate import CALCULATE
from netra_backend.app.agents.tools.calendar_day import CALENDAR_DAY
from netra_backend.app.agents.tools.changing.delete_thread import DELETE_THREAD
from netra_backend.app.agents.tools.current_time import CURRENT_TIME
from netra_backend.app.agents.tools.days_between import DAYS_BETWEEN
from netra_backend.app.agents.tools.list_threads import LIST_THREADS
from netra_backend.app.agents.tools.search_messages import Selection, search_messages
from netra_backend.app.agents.tools.summarise_thread import summarise_thread
from netra_backend.app.agents.tools.who_am_i import WHO_AM_I


def own_tools(
    worth_finding: Selection | None = None, worth_summarising: Selection | None = None
) -> tuple[Tool, ...]:
    """Give the tools, in the order in which people are told of them.

    Args:
        worth_finding: Picks what of the messages that were found is shown; by default all of it.
        worth_summarising: Picks what of a thread a summary is made of; by default all of it.
    """
    return (
        search_messages(worth_finding),
        summarise_thread(worth_summarising),
        LIST_THREADS,
        DELETE_THREAD,
        CURRENT_TIME,
        CALENDAR_DAY,
        DAYS_BETWEEN,
        CALCULATE,
        WHO_AM_I,
    )


OWN_TOOLS: Final = own_tools()
