"""The people of tests.people, for everybody who asks the assistant."""

from tests.people import ines as ines
from tests.people import mina as mina
from tests.people import room as room
from tests.people import secret as secret
from tests.people import signed_in as signed_in
from tests.people import teo as teo
