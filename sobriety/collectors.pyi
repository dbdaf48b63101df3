from collectors import *
